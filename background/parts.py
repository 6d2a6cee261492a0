"""What a room adds to the worker; `settings.WORKER_PARTS` names the classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from background.loops import Loop


@dataclass(frozen=True)
class Counts:
    """Webhook events that were delivered and that failed since the worker started."""

    delivered: int = 0
    failed: int = 0


class WorkerPart(Protocol):
    """A part is made with the worker's id, which is the holder of its leases."""

    loops: Sequence[Loop]

    def start(self) -> None:
        """Called before the loops start."""

    def stop(self) -> None:
        """Called after the loops have ended."""

    def counts(self) -> Counts:
        """What the part adds to the worker's row."""
