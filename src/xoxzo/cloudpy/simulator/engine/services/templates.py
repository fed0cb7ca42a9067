"""SMS templates: written by the account, approved by a person at Xoxzo, sent with variables (API section 3)."""

from __future__ import annotations

from xoxzo.cloudpy.simulator.engine.context import EngineContext, OldestFirst
from xoxzo.cloudpy.simulator.engine.records.accounts import Account, Template, is_same_account
from xoxzo.cloudpy.simulator.errors import ItemNotFound


class TemplateService:
    """Keeps all templates. Ids are unique over all accounts, so that an approval needs the id only."""

    def __init__(self, context: EngineContext) -> None:
        self._context = context
        self.last = 0
        """The last id that was given."""
        self.templates: OldestFirst[int, Template] = OldestFirst(
            context.settings.max_templates, lambda template: template.ident, context.mark_deleted
        )

    def create(self, account: Account, name: str, content: str) -> Template:
        """Store a new template, which waits for approval."""
        self.last += 1
        template = Template(ident=self.last, account=account, name=name, pending_content=content)
        self._context.mark_changed(template)
        self._publish(template, "created", content)
        self.restore(template)
        return template

    def restore(self, template: Template) -> None:
        """Store a template, new or loaded; over the limit, the oldest is deleted."""
        self.templates.keep(template.ident, template)
        if template.pending_content is not None:
            self._await_approval(template)

    def owned(self, account: Account) -> list[Template]:
        """Return an account's templates, the oldest first."""
        return [template for template in self.templates.values() if is_same_account(template.account, account)]

    def update(self, template: Template, *, name: str | None, content: str | None) -> None:
        """Change a template; a new text waits for approval, a new name alone does not (API section 15.32)."""
        if name is not None:
            template.name = name
        if content is not None:
            template.pending_content = content
            self._await_approval(template)
        self._context.mark_changed(template)
        self._publish(template, "updated", content)

    def delete(self, template: Template) -> None:
        """Delete a template."""
        self.templates.delete([template.ident])
        self._publish(template, "deleted")

    def approve(self, ident: int) -> Template:
        """Put the text that waits into force; without one nothing changes. `ItemNotFound` for an unknown id."""
        template = self._any(ident)
        if template.pending_content is not None:
            template.approved_content, template.pending_content = template.pending_content, None
            self._context.mark_changed(template)
            self._publish(template, "approved")
        return template

    def give_back(self, ident: int) -> Template:
        """Do what `OfficeCommands.give_back` says; raise `ItemNotFound` for an unknown id."""
        template = self._any(ident)
        if template.approved_content is not None:
            template.pending_content = None
            self._context.mark_changed(template)
        self._publish(template, "returned")
        return template

    def _any(self, ident: int) -> Template:
        template = self.templates.get(ident)
        if template is None:
            raise ItemNotFound("no_such_template", "there is no such template")
        return template

    def _await_approval(self, template: Template) -> None:
        if self._context.settings.templates_approved:
            # By a timer that is due at once: the reply still says PENDING, as the real one does.
            self._context.after(0, lambda: template.ident in self.templates and self.approve(template.ident))

    def _publish(self, template: Template, what: str, content: str | None = None) -> None:
        self._context.publish("template", str(template.ident), content=content, what=what, status=template.status)
