"""`manage.py cognitive_check`: which engines work here, what they know, and how fast they are."""

from typing import Any

from django.core.management.base import BaseCommand

from cognitive.probing import MISSING, WORKS, Report, probe_all


class Command(BaseCommand):
    """Probes each engine; ends with 1 when one is there and does not work."""

    help = "Probes the engines for translation, sentiment and speech."

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints a line for each engine that the settings name."""
        broken = 0
        for report in probe_all():
            self.stdout.write(_line(report))
            broken += report.is_broken
        if broken:
            self.stderr.write(f"{broken} of the engines that the settings name do not work.")
            raise SystemExit(1)


def _line(report: Report) -> str:
    one = report.candidate
    head = f"{one.ability:<12} {one.name:<15} "
    if report.state == WORKS:
        return (
            f"{head}{report.milliseconds:.1f} ms (first {report.first_ms:.0f} ms), {report.detail}"
        )
    return (
        f"{head}{report.state}: {report.detail}"
        if report.state != MISSING
        else f"{head}– {report.detail}"
    )
