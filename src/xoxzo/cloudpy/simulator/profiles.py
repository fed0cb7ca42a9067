"""Ready-made settings for three situations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

PROFILES: Mapping[str, Mapping[str, Any]] = {
    # For daily work: nothing is throttled, everything may be sent.
    "standard": {},
    # Throttled as the real service is reported to be, the sent list above all (API sections 1.6 and 15.11).
    "strict": {"requests_per_second": 10, "list_interval": 1200.0},
    # An account on its first day: templates alone, a fixed text instead of one's own, no identity check, and the
    # free credits of the sign-up (API sections 1.7 and 2.1).
    "new-account": {"free_form_allowed": False, "test_text": True, "verified": False, "credits": 50},
}


def profile(name: str, **changes: Any) -> Settings:  # noqa: ANN401 - the fields of Settings have many types
    """Return the settings of a profile.

    Args:
        name: `standard`, `strict` or `new-account`.
        changes: Fields of `Settings` that shall differ from it.

    Raises:
        SimulatorError: There is no such profile.
    """
    if name not in PROFILES:
        message = f"there is no profile {name!r}; there are {', '.join(PROFILES)}"
        raise SimulatorError(message)
    return replace(Settings(), **{**PROFILES[name], **changes})
