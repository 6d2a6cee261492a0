"""`manage.py cognitive_check`: which engines work, their languages, and their speed."""

from typing import Any

from django.core.management.base import BaseCommand

from cognitive.probing import MISSING, WORKS, ProbeResult, probe_all


class Command(BaseCommand):
    """Probes each engine; exits with 1 if an installed engine does not work."""

    help = "Probes the engines for translation, sentiment and speech."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for result in probe_all():
            self.stdout.write(_line(result))
            broken += result.is_broken
        if broken:
            self.stderr.write(f"{broken} of the configured engines do not work.")
            raise SystemExit(1)


def _line(result: ProbeResult) -> str:
    one = result.candidate
    head = f"{one.ability:<12} {one.name:<15} "
    if result.state == WORKS:
        return (
            f"{head}{result.milliseconds:.1f} ms (first {result.first_ms:.0f} ms), {result.detail}"
        )
    return (
        f"{head}{result.state}: {result.detail}"
        if result.state != MISSING
        else f"{head}– {result.detail}"
    )
