"""Let the people who were notified acknowledge: by the signed link in their SMS, or by calling a dial-in number.

A link names the incident, and is signed with the incident's own key over the person's name. Opening it shows a page
that asks; only its button acknowledges, because scanners of messages open links, too.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from collections.abc import Iterable
from html import escape
from pathlib import Path
from string import Template

from xoxzo.cloudpy.callbacks.actions import Say
from xoxzo.cloudpy.common.locale import N_, translations
from xoxzo.cloudpy.integrations.alertmanager.config.settings import Settings
from xoxzo.cloudpy.integrations.alertmanager.incidents import ACKNOWLEDGEABLE, IN_FLIGHT, MAYBE_SENT, Incident, Phase
from xoxzo.cloudpy.integrations.alertmanager.store import Store

# 75 bits: too many to be guessed, and few enough for an SMS.
_SIGNATURE_LENGTH = 15
_MAX_SPOKEN_CHARACTERS = 200
_UNSAYABLE = re.compile(r"[^\w .,:;/#%+()-]")
_STATES = {
    Phase.OPEN: N_("Nobody has acknowledged it yet."),
    Phase.ACKNOWLEDGED: N_("Acknowledged by {name}."),
    Phase.ENDED: N_("Nobody has acknowledged it. All calls and messages were made."),
    Phase.RESOLVED: N_("It is resolved."),
    Phase.CLOSED: N_("It is resolved."),
}
_PAGE = Template((Path(__file__).parent / "page.html").read_text("utf-8"))


def link(settings: Settings, incident: Incident, person: str) -> str:
    """Return the link with which a person acknowledges an incident; ``""`` without a public URL."""
    if not (settings.public_url and incident.secret):
        return ""
    return f"{settings.public_url}/a/{incident.ident}{_signature(incident, person)}"


def check_link(settings: Settings, store: Store, token: str) -> tuple[Incident, str] | None:
    """Return the incident and the person of the last part of a link; ``None`` if it is not signed by us."""
    ident, signature = token[:-_SIGNATURE_LENGTH], token[-_SIGNATURE_LENGTH:]
    incident = store.incident(ident)
    if incident is None or not incident.secret:
        return None
    signed = (name for name in settings.people if hmac.compare_digest(_signature(incident, name), signature))
    return next(((incident, name) for name in signed), None) if signature.isascii() else None


def _signature(incident: Incident, person: str) -> str:
    digest = hmac.digest(incident.secret.encode(), person.encode(), "sha256")
    return b32encode(digest).decode().lower()[:_SIGNATURE_LENGTH]


def render_page(incident: Incident | None, language: str, *, changed: bool = False) -> str:
    """Render the page of a link, with a button that acknowledges if that is still possible; ``None``: no valid link."""
    _ = translations(language).gettext
    if incident is None:
        content = f"<p>{escape(_('This link is not valid, or its alerts are long over.'))}</p>"
        return _PAGE.substitute(language=language, title="xoxzo", content=content)
    items = "".join(
        f"<li><b>{escape(alert.labels.get('alertname', ''))}</b> {escape(alert.labels.get('instance', ''))}<br>"
        f"{escape(alert.annotations.get('summary') or alert.annotations.get('description', ''))}</li>"
        for alert in incident.alerts
    )
    content = f"<ul>{items}</ul>"
    if incident.truncated:
        content += f"<p>{escape(_('{count} more alerts were left out.').format(count=incident.truncated))}</p>"
    if changed:
        content += f"<p><b>{escape(_('Alerts have joined since you opened this page.'))}</b></p>"
    content += f"<p>{escape(_(_STATES[incident.phase]).format(name=incident.acknowledged_by))}</p>"
    if incident.phase in ACKNOWLEDGEABLE:
        content += (
            f'<form method="post"><input type="hidden" name="version" value="{incident.version}">'
            f"<button>{escape(_('Acknowledge'))}</button></form>"
        )
    return _PAGE.substitute(language=language, title=f"#{escape(incident.ident)}", content=content)


def notified_of(store: Store, person: str) -> list[Incident]:
    """Return the incidents that a person was notified of, or may have been, and that nobody has acknowledged."""
    reached = MAYBE_SENT | IN_FLIGHT
    return [
        incident
        for incident in store.incidents(*ACKNOWLEDGEABLE)
        if any(one.person == person and one.outcome in reached for one in store.attempts(incident.ident))
    ]


def spoken_reply(settings: Settings, person: str | None, incidents: Iterable[Incident]) -> Say:
    """Return what a caller hears: the names of the alerts that the call has acknowledged."""
    _ = translations(settings.language).gettext
    if person is None:
        return Say(settings.language, _("This number is for the people on call."))
    names = dict.fromkeys(alert.labels.get("alertname", "") for one in incidents for alert in one.alerts)
    if not names:
        return Say(settings.language, _("There is no alert to acknowledge."))
    listed = _UNSAYABLE.sub(" ", ", ".join(names))[:_MAX_SPOKEN_CHARACTERS]
    return Say(settings.language, _("You have acknowledged: {names}.").format(names=listed))
