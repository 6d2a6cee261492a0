"""`manage.py chatload`: many senders and sockets, with faults if asked for."""

import asyncio
import contextlib
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = (
        "Run senders and sockets against two servers of its own on PostgreSQL and Redis, or one "
        "on SQLite, and check that every event arrives once, in order, and only where it may. "
        "Requires the development packages; PostgreSQL and Redis unless --embedded is given."
    )
    # The command uses none of this site's settings or data.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--faults",
            action="store_true",
            help="kill server processes, reset connections and restart Redis during the run",
        )
        parser.add_argument(
            "--embedded",
            action="store_true",
            help="use one server on SQLite instead of two on PostgreSQL and Redis",
        )
        parser.add_argument("--seconds", type=float, default=60, help="duration (default: 60)")
        parser.add_argument("--senders", type=int, default=20, help="at most 25 (default: 20)")
        parser.add_argument(
            "--rate", type=float, default=3, help="messages per second and sender (default: 3)"
        )
        parser.add_argument("--seed", type=int, default=1, help="random seed (default: 1)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the report. Fails unless lost, duplicated, reordered and leaked are all 0."""
        try:
            # Servers are installed without the development packages.
            from load_testing import cluster, faults, postgresql
        except ImportError as problem:
            raise CommandError(
                f"chatload requires the development packages: {problem}. Install "
                "requirements-dev.txt."
            ) from None
        try:
            with contextlib.ExitStack() as stack:
                temporary = tempfile.TemporaryDirectory(prefix="chatsite-load-")
                folder = Path(stack.enter_context(temporary))
                if options["embedded"]:
                    servers = cluster.running_single(folder)
                else:
                    url = stack.enter_context(postgresql.running_server())
                    servers = cluster.running_cluster(folder, url)
                running = stack.enter_context(servers)
                report = asyncio.run(
                    faults.run(
                        running,
                        seconds=options["seconds"],
                        with_faults=options["faults"],
                        senders=options["senders"],
                        rate=options["rate"],
                        seed=options["seed"],
                        report_progress=self.stdout.write,
                    )
                )
        except (postgresql.ProgramMissing, cluster.ProgramMissing) as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(str(report))
        if not report.is_clean:
            raise CommandError("Events were lost, duplicated, reordered or leaked.")
