"""`manage.py serve`: one process with everything in it."""

# First of all imports: it chooses Twisted's reactor.
import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string
from twisted.internet.ssl import CertificateOptions

from asgi_server import daphne_server as server
from background.worker import Worker
from chatsite import certificates, handler, preparation, welcome
from cognitive.speech import hosted, socket
from identity.services import ensure_default_resource
from live import hub
from monitoring.flusher import flusher


class Command(BaseCommand):
    help = "Serves the API, the admin and the browser pages over http and https until SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        """Open the ports, prepare the database, print the welcome, serve."""
        ca, tls = self._certificates()
        listeners = self._listen(tls)
        password = preparation.prepare()
        application = import_string(settings.ASGI_APPLICATION)
        resource = ensure_default_resource()
        text = welcome.page(resource=resource, ca=ca, password=password)
        worker = Worker() if settings.CHATSITE_EMBEDDED_WORKER else None

        def ready() -> None:
            handler.tune_garbage_collector()
            flusher.start()
            if worker:
                worker.start()
            self.stdout.write(text)
            self.stdout.flush()

        def stopping() -> None:
            hub.end_all()
            socket.end_all()

        running = server.DrainingServer(
            application, listeners, on_start=ready, on_stop=stopping, **_proxy_options()
        )
        running.run()
        hosted.end_processes()
        if worker:
            worker.stop()
        flusher.stop()
        if running.overdue:
            # Their threads cannot be stopped, and the interpreter would wait for them.
            sys.stderr.flush()
            os._exit(0)

    def _certificates(self) -> tuple[Path | None, CertificateOptions | None]:
        """The CA that clients must be told about, and what the https port speaks."""
        if settings.CHATSITE_TLS_CERT and settings.CHATSITE_TLS_KEY:
            return None, _tls_options(settings.CHATSITE_TLS_CERT, settings.CHATSITE_TLS_KEY)
        if settings.PRODUCTION:
            return None, None
        files = certificates.ensure_for_settings()
        return files.ca, _tls_options(files.server, files.server_key)

    def _listen(self, tls: CertificateOptions | None) -> list[server.Listener]:
        try:
            listeners = server.listen(settings.CHATSITE_HOST, settings.CHATSITE_PORT)
            if tls:
                listeners += server.listen(settings.CHATSITE_HOST, settings.CHATSITE_TLS_PORT, tls)
        except server.PortInUse as problem:
            raise CommandError(
                f"{problem} CHATSITE_HOST, CHATSITE_PORT and CHATSITE_TLS_PORT choose others."
            ) from None
        return listeners


def _tls_options(certificate: Path, key: Path) -> CertificateOptions:
    try:
        return server.tls_options(certificate, key)
    except (OSError, ValueError) as problem:
        raise CommandError(f"No TLS with {certificate} and {key}: {problem}") from None


def _proxy_options() -> dict[str, Any]:
    """Which headers tell who asked, where a proxy that we trust stands in front."""
    if not settings.CHATSITE_TRUST_PROXY:
        return {}
    return {
        "proxy_forwarded_address_header": "X-Forwarded-For",
        "proxy_forwarded_port_header": "X-Forwarded-Port",
        "proxy_forwarded_proto_header": "X-Forwarded-Proto",
    }
