"""SMS templates: written by the account, approved by a person at Xoxzo, sent with variables (API section 3)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from xoxzo.cloudpy.simulator.engine.services.accounts import Account, same

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xoxzo.cloudpy.simulator.engine.context import EngineContext

# Single braces, as in the API's description (section 3.1).
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class UnknownTemplate(Exception):
    """The account has no such template."""


class NotApproved(Exception):
    """The template waits for approval and cannot be sent (API section 15.34)."""


class MissingVariables(Exception):
    """Some placeholders got no value; `names` tells which, in the order of the text."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(names)
        self.names = names


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


class TemplateService:
    """Keeps all templates. Ids are counted over all accounts, so that whoever approves needs the id alone."""

    def __init__(self, context: EngineContext) -> None:
        self._context = context
        self.last = 0
        """The last id that was given."""
        self.templates: dict[int, Template] = {}

    def create(self, account: Account, name: str, content: str) -> Template:
        """Keep a new template, which waits for approval."""
        self.last += 1
        template = Template(ident=self.last, account=account, name=name, pending_content=content)
        self._context.touch(template)
        self._tell(template, "created", content)
        self.restore(template)
        return template

    def restore(self, template: Template) -> None:
        """Keep a template, new or saved, and forget the oldest when there are too many."""
        self.templates[template.ident] = template
        if len(self.templates) > self._context.settings.max_templates:
            self._context.forget(self.templates.pop(next(iter(self.templates))))
        if template.pending_content is not None:
            self._await_approval(template)

    def owned(self, account: Account) -> list[Template]:
        """Return an account's templates, the oldest first."""
        return [template for template in self.templates.values() if same(template.account, account)]

    def find(self, account: Account, ident: int) -> Template:
        """Return an account's template.

        Raises:
            UnknownTemplate: It has none with that id (API section 15.36).
        """
        template = self.templates.get(ident)
        if template is None or not same(template.account, account):
            raise UnknownTemplate
        return template

    def update(self, template: Template, *, name: str | None, content: str | None) -> None:
        """Change a template; a new text waits for approval, a new name alone does not (API section 15.32)."""
        if name is not None:
            template.name = name
        if content is not None:
            template.pending_content = content
            self._await_approval(template)
        self._context.touch(template)
        self._tell(template, "updated", content)

    def delete(self, template: Template) -> None:
        """Forget a template."""
        del self.templates[template.ident]
        self._context.forget(template)
        self._tell(template, "deleted")

    def approve(self, ident: int) -> Template:
        """Put the text that waits into force; without one nothing changes.

        Raises:
            UnknownTemplate: There is none with that id.
        """
        template = self._any(ident)
        if template.pending_content is not None:
            template.approved_content, template.pending_content = template.pending_content, None
            self._context.touch(template)
            self._tell(template, "approved")
        return template

    def give_back(self, ident: int) -> Template:
        """Return a text to its author: the one that was in force counts again, a first one goes on waiting.

        The API has no status for a refusal (API section 3.1).

        Raises:
            UnknownTemplate: There is none with that id.
        """
        template = self._any(ident)
        if template.approved_content is not None:
            template.pending_content = None
            self._context.touch(template)
        self._tell(template, "returned")
        return template

    def _any(self, ident: int) -> Template:
        template = self.templates.get(ident)
        if template is None:
            raise UnknownTemplate
        return template

    def _await_approval(self, template: Template) -> None:
        if self._context.settings.templates_approved:
            # By a timer that is due at once: the reply still says PENDING, as the real one does.
            self._context.after(0, lambda: self._approve_by_itself(template))

    def _approve_by_itself(self, template: Template) -> None:
        if template.ident in self.templates:
            self.approve(template.ident)

    def _tell(self, template: Template, what: str, content: str | None = None) -> None:
        self._context.tell("template", str(template.ident), content=content, what=what, status=template.status)


def placeholders(content: str) -> list[str]:
    """Return the names of a text's placeholders, each once, in the order of the text."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(content)))
