"""`manage.py worker`: background work as a process of its own."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from background.worker import Worker


class Command(BaseCommand):
    help = (
        "Delivers webhooks, validates endpoints, evaluates alert rules and deletes expired data "
        "until SIGTERM. Any number of workers may run. CHATSITE_EMBEDDED_WORKER=0 turns the worker "
        "inside the server off."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        worker = Worker()
        worker.start()
        self.stdout.write("The worker is running.")
        self.stdout.flush()
        stop.wait()
        worker.stop()
