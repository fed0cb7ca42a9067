"""The interface of what saves the engine's state beyond the process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from msgspec import Struct

from xoxzo.cloudpy.simulator.engine.records.accounts import Account
from xoxzo.cloudpy.simulator.engine.records.calls import Call


class SavedState(Struct, frozen=True):
    """What is saved besides the records."""

    moment: float
    """When the state was written, by the engine's clock; a stepped clock goes on from there."""
    templates: int
    """The last id that a template got; ids are not used again."""


class StoreOpening(Struct, frozen=True):
    """What a store returns when it is opened."""

    generation: int
    """How often the state was loaded: 0 for a new store. Ids made from one seed differ by it."""
    saved: SavedState | None
    """``None`` when nothing was written yet."""


class Store(Protocol):
    """Saves records. The engine's lock guards it."""

    def begin(self) -> StoreOpening:
        """Count a new generation, which proves that the store can be written; raise `NotSaved` if it cannot."""
        ...

    def load(
        self, account: Callable[[str, str], Account], restore: Mapping[type, Callable[[Any], object]]
    ) -> list[Call]:
        """Restore all records by type; return calls that conferences alone refer to, or raise `SimulatorError`."""
        ...

    def save(self, changes: Mapping[object, bool], saved: SavedState, *, wipe: bool) -> None:
        """Write all changes (false: deleted), in place of all records if `wipe`, or raise `NotSaved`."""
        ...

    def close(self) -> None:
        """Release the store until the next `begin`."""
        ...
