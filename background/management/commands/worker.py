"""`manage.py worker`: background work as a process of its own."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from background.worker import Worker


class Command(BaseCommand):
    help = (
        "Delivers webhooks, validates endpoints and tidies up until SIGTERM. Any number may run; "
        "with CHATSITE_EMBEDDED_WORKER=0 the server leaves this to them."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until somebody says stop."""
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        worker = Worker()
        worker.start()
        self.stdout.write("The worker runs.")
        self.stdout.flush()
        stop.wait()
        worker.stop()
