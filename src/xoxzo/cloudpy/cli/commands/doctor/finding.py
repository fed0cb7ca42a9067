"""What a check has found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from xoxzo.cloudpy.cli.core.exit_codes import CREDENTIALS, DONE, REJECTED

State = Literal["fine", "note", "wrong", "skipped"]


@dataclass(frozen=True)
class Finding:
    """What a check has found.

    Attributes:
        check: which check; the name is stable, for programs.
        state: ``fine``; ``note`` for what may be as it should; ``wrong``; ``skipped`` where it could not be looked at.
        message: what was found, in the reader's language.
        advice: what to do, line by line.
        facts: the same for programs; no secret and no whole SID is among them.
    """

    check: str
    state: State
    message: str
    advice: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it as ``--json`` writes it."""
        shown = {"check": self.check, "state": self.state, "message": self.message, "advice": list(self.advice)}
        return {**shown, **self.facts}


def status_of(findings: list[Finding]) -> int:
    """Return the exit status: 0 when nothing is wrong, 4 when only the credentials are, else 3."""
    wrong = {finding.check for finding in findings if finding.state == "wrong"}
    if not wrong:
        return DONE
    return CREDENTIALS if wrong == {"credentials"} else REJECTED
