"""How the engine keeps its state beyond the process: what it asks of whoever can write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from xoxzo.cloudpy.errors import SimulatorError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xoxzo.cloudpy.simulator.engine.engine import Engine


class NotSaved(SimulatorError):
    """What was done could not be written down, so it did not happen."""


@dataclass(frozen=True, slots=True)
class SavedState:
    """What is kept besides the records."""

    moment: float
    """When the state was written, by the engine's clock; a stepped clock goes on from there."""
    templates: int
    """The last id that a template got; ids are not used again."""


@dataclass(frozen=True, slots=True)
class StoreOpening:
    """Where a process takes up what another one left."""

    generation: int
    """How often the state was taken up: 0 for a new one. Ids made from one seed differ by it."""
    marks: SavedState | None
    """``None`` when nothing was written yet."""


class Store(Protocol):
    """Keeps records. The engine's lock guards it."""

    def begin(self) -> StoreOpening:
        """Count a new generation, which shows that it can be written.

        Raises:
            NotSaved: It cannot.
        """
        ...

    def load(self, engine: Engine, stopped: float, reason: str) -> None:
        """Put all records into an empty engine.

        Args:
            engine: Where they go.
            stopped: When they were written last.
            reason: Why calls that were in progress end.

        Raises:
            SimulatorError: They cannot be read.
        """
        ...

    def save(self, changes: Mapping[object, bool], marks: SavedState, *, wipe: bool) -> None:
        """Write all or nothing; it is on disk when this returns.

        Args:
            changes: Records, with whether they are kept (true) or forgotten.
            marks: What is kept besides.
            wipe: Whether all earlier records are forgotten first.

        Raises:
            NotSaved: Nothing was written.
        """
        ...

    def close(self) -> None:
        """Give up the place where it writes, until the next `begin`."""
        ...
