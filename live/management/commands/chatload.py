"""`manage.py chatload`: many senders and sockets; with `--faults` a lot goes wrong meanwhile."""

import asyncio
import contextlib
import importlib
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = (
        "Runs senders and sockets against two servers of its own on PostgreSQL and Redis, or one "
        "on SQLite, and accounts for every event. Needs the development packages; PostgreSQL and "
        "Redis, unless it is --embedded."
    )
    # Nothing of the site's own is touched.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument(
            "--faults",
            action="store_true",
            help="kill server processes, cut sockets and restart Redis meanwhile",
        )
        parser.add_argument(
            "--embedded",
            action="store_true",
            help="one server on SQLite instead of two on PostgreSQL and Redis",
        )
        parser.add_argument("--seconds", type=float, default=60, help="how long (default: 60)")
        parser.add_argument("--senders", type=int, default=20, help="at most 25 (default: 20)")
        parser.add_argument("--rate", type=float, default=3, help="messages a second and sender")
        parser.add_argument("--seed", type=int, default=1, help="of what is left to chance")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints the account; fails unless lost, duplicated, reordered and leaked are all 0."""
        try:
            # Tests are not installed with a server, so nothing else may depend on them.
            faults, cluster, postgresql = map(
                importlib.import_module,
                ("tests.live.faults", "tests.live.cluster", "tests.postgresql"),
            )
        except ImportError as problem:
            raise CommandError(f"The development packages are missing: {problem}.") from None
        try:
            with contextlib.ExitStack() as stack:
                temporary = tempfile.TemporaryDirectory(prefix="chatsite-load-")
                folder = Path(stack.enter_context(temporary))
                if options["embedded"]:
                    servers = cluster.running_alone(folder)
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
                        say=self.stdout.write,
                    )
                )
        except (postgresql.Missing, cluster.Missing) as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(str(report))
        if not report.is_clean:
            raise CommandError("Not everything arrived as it should.")
