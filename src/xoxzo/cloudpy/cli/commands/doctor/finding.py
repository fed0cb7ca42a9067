"""The result of a check of `xoxzo doctor`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from xoxzo.cloudpy.cli.core.exit_codes import CREDENTIALS, DONE, REJECTED

State = Literal["fine", "note", "wrong", "skipped"]


@dataclass(frozen=True)
class Finding:
    """The result of a check.

    Attributes:
        check: the name of the check; stable, for programs.
        state: ``fine``; ``note`` for what may be intended; ``wrong``; ``skipped`` if it could not be checked.
        message: the result, in the user's language.
        advice: what to do, line by line.
        facts: the details for programs; no secret, and the SID is shortened.
    """

    check: str
    state: State
    message: str
    advice: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the object that ``--json`` writes."""
        shown = {"check": self.check, "state": self.state, "message": self.message, "advice": list(self.advice)}
        return {**shown, **self.facts}


def status_of(findings: list[Finding]) -> int:
    """Return the exit status: 0 when nothing is wrong, 4 when only the credentials are, else 3."""
    wrong = {finding.check for finding in findings if finding.state == "wrong"}
    if not wrong:
        return DONE
    return CREDENTIALS if wrong == {"credentials"} else REJECTED
