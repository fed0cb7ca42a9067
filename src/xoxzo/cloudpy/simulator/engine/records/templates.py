"""SMS templates (API section 3)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from xoxzo.cloudpy.simulator.engine.errors import MissingVariables, NotApproved
from xoxzo.cloudpy.simulator.engine.records.accounts import Account

# Single braces, as in the API's description (section 3.1).
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(slots=True, kw_only=True, eq=False)
class Template:
    """A text with placeholders, in force, waiting for approval, or both."""

    ident: int
    account: Account = field(repr=False)
    name: str
    approved_content: str | None = None
    pending_content: str | None = None

    @property
    def status(self) -> Literal["APPROVED", "PENDING"]:
        """PENDING as long as any text waits, even if an older one is in force (API sections 3.2 and 15.32)."""
        return "APPROVED" if self.pending_content is None else "PENDING"

    def view(self, base_url: str) -> dict[str, object]:
        """Return it as the API shows it (API section 3.1)."""
        return {
            "id": self.ident,
            "name": self.name,
            "approved_content": self.approved_content,
            "pending_content": self.pending_content,
            "status": self.status,
            "api_usage_example": self._example(base_url) if self.status == "APPROVED" else None,
        }

    def render(self, variables: Mapping[str, str]) -> str:
        """Return the text in force with its placeholders filled; variables that it does not name are ignored.

        Raises:
            NotApproved: A text waits for approval.
            MissingVariables: A placeholder has no value (API section 15.35).
        """
        if self.status == "PENDING":
            raise NotApproved
        content = self.approved_content or ""
        missing = [name for name in placeholders(content) if name not in variables]
        if missing:
            raise MissingVariables(missing)
        # One pass over the template: braces inside a value stay as they are.
        return _PLACEHOLDER.sub(lambda found: variables[found[1]], content)

    def _example(self, base_url: str) -> str:
        variables = {name: f"Sample_{name}" for name in placeholders(self.approved_content or "")}
        body = {"sender": "TestSender", "recipient": "+818011112222", "variables": variables}
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        url = f"{base_url}/sms/templates/<template_id>/messages/"
        return f"curl -u sid:token -X POST {url} -H \"Content-Type: application/json\" -d '{text}'"


def placeholders(content: str) -> list[str]:
    """Return the names of a text's placeholders, each once, in the order of the text."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(content)))
