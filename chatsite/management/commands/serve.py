"""`manage.py serve`: one process with everything in it."""

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from asgi_server.interface import CannotListen, InvalidTLSFiles, Server, ServerOptions, TLSFiles

# Installs the server's event loop, so it must be imported before anything that uses one.
from asgi_server.process import create_server
from background.worker import Worker
from chatsite import certificates, handler, preparation, welcome
from identity.services import ensure_default_resource
from live import hub
from monitoring.flusher import flusher
from wire.check_tags import SETTINGS_CHECKS


class Command(BaseCommand):
    # The others concern the code, and running them imports almost all of it.
    requires_system_checks = [SETTINGS_CHECKS]
    help = "Serves the API, the admin and the browser pages over http and https until SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        """Open the ports, prepare the database, print the welcome, serve."""
        ca, tls = self._certificates()
        server = create_server()
        self._listen(server, tls)
        password = preparation.prepare()
        application = import_string(settings.ASGI_APPLICATION)
        # Otherwise the first request would wait for the import of all views.
        import_module(settings.ROOT_URLCONF)
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

        # Speech is imported when it is first used.
        def stopping() -> None:
            hub.disconnect_all()
            if speech := sys.modules.get("cognitive.speech.socket"):
                speech.end_all()

        server.run(
            application,
            ServerOptions(
                on_start=ready, on_stop=stopping, trusts_proxy=settings.CHATSITE_TRUST_PROXY
            ),
        )
        if hosted := sys.modules.get("cognitive.speech.hosted"):
            hosted.end_processes()
        if worker:
            worker.stop()
        flusher.stop()
        if server.overdue:
            # Their threads cannot be stopped, and the interpreter would wait for them.
            sys.stderr.flush()
            os._exit(0)

    def _certificates(self) -> tuple[Path | None, TLSFiles | None]:
        """The CA that clients must trust, and the files for the https port."""
        if settings.CHATSITE_TLS_CERT and settings.CHATSITE_TLS_KEY:
            return None, TLSFiles(settings.CHATSITE_TLS_CERT, settings.CHATSITE_TLS_KEY)
        if settings.PRODUCTION:
            return None, None
        files = certificates.ensure_for_settings()
        return files.ca, TLSFiles(files.server, files.server_key)

    def _listen(self, server: Server, tls: TLSFiles | None) -> None:
        try:
            server.listen(settings.CHATSITE_HOST, settings.CHATSITE_PORT)
            if tls:
                server.listen(settings.CHATSITE_HOST, settings.CHATSITE_TLS_PORT, tls)
        except CannotListen as problem:
            raise CommandError(
                f"{problem} Set CHATSITE_HOST, CHATSITE_PORT and CHATSITE_TLS_PORT to listen "
                "elsewhere."
            ) from None
        except InvalidTLSFiles as problem:
            raise CommandError(f"TLS cannot be set up with {tls}: {problem}") from None
