"""The messages about alerts, and how they are shortened to fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alertmanager_simulation import alert, notification, settings
from hypothesis import given, settings as settings_, strategies

from xoxzo.cloudpy.cli.commands.alertmanager import preview
from xoxzo.cloudpy.integrations.alertmanager import message_text
from xoxzo.cloudpy.integrations.alertmanager.incidents import Alert, Incident
from xoxzo.cloudpy.text import measure


def render(*alerts: dict[str, object], **changes: object) -> str:
    """Return the SMS of alerts."""
    found = settings(**changes)
    return message_text.render_sms(found, incident(notification(*alerts).firing)).message


def incident(alerts: Sequence[Alert], **changes: Any) -> Incident:
    """Return an incident of alerts."""
    return Incident(ident="K7QD", group_key="k", policy="oncall", alerts=tuple(alerts), **changes)


def test_by_default() -> None:
    """A message begins with severity, names and summary, and ends with the id."""
    assert render(alert(instance="web-1")) == "FIRING critical HostDown: HostDown of web-1 #K7QD"
    several = [alert(name, instance=str(n)) for n, name in enumerate(["A", "A", "B", "C", "D", "E"])]
    assert render(*several) == "FIRING critical A x2, B, C +2: A of 0 #K7QD"
    assert render(alert(instance="web-1"), language="ja") == "【障害】critical HostDown HostDown of web-1 #K7QD"


def test_placeholders() -> None:
    """Labels and annotations are placeholders; missing values leave no gap; the instance replaces a missing summary."""
    texts = {"sms": "{count} {instances} {label.team} {label.none} {annotation.summary}"}
    assert render(alert(instance="a", team="db"), alert(instance="b"), texts=texts) == "2 a, b db HostDown of a"
    bare = alert(instance="a") | {"annotations": {}}
    assert render(bare) == "FIRING critical HostDown: a #K7QD"
    described = bare | {"annotations": {"description": "two\n\x1b[31mlines"}}
    assert render(described) == "FIRING critical HostDown: two [31mlines #K7QD"


def test_severities() -> None:
    """All severities are named, and those that break through quiet hours come first."""
    quiet = {"hours": "22:00-07:00", "break_through": ["page"]}
    several = [alert("A", severity="info"), alert("B", severity="page"), alert("C", severity="info")]
    assert render(*several, quiet=quiet).startswith("FIRING page/info A, B, C")


@settings_(max_examples=40)
@given(
    parts=strategies.integers(1, 3),
    summary=strategies.text(max_size=900),
    name=strategies.text(max_size=300),
    template=strategies.sampled_from([*message_text.SMS.values(), "{names}", "{label.instance}"]),
)
def test_it_fits(parts: int, summary: str, name: str, template: str) -> None:
    """A message never needs more than the allowed parts, however long the alert is."""
    found = settings(texts={"max_parts": parts, "sms": template})
    one = Alert(
        status="firing",
        labels={"alertname": name, "instance": "i" * 500},
        annotations={"summary": summary},
        starts_at=notification(alert()).alerts[0].starts_at,
    )
    text = message_text.render_sms(found, incident([one])).message
    assert (measure(text).parts or 99) <= parts
    assert text == " ".join(text.split())
    assert len(message_text.render_call(found, incident([one])).message) <= 400


def test_the_summary_gives_way() -> None:
    """The summary is shortened first, and an ASCII message stays ASCII."""
    text = render(alert() | {"annotations": {"summary": "x" * 500}}, texts={"max_parts": 1})
    assert len(text) == 140
    assert text.endswith("xxx... #K7QD")
    text = render(alert() | {"annotations": {"summary": "障害" * 100}}, texts={"max_parts": 1})
    assert len(text) == 70
    assert text.endswith("… #K7QD")


def test_truncated_alerts() -> None:
    """The alerts that Alertmanager left out are counted, in the language of the settings."""
    shown = "\n".join(preview.describe_notification(settings(), notification(alert(), truncated=7)))
    assert "FIRING critical HostDown and 7 more: HostDown of somewhere" in shown
    japanese = settings(language="ja", texts={"sms": "{names} {count}"})
    rendered = message_text.render_sms(japanese, incident(notification(alert()).firing, truncated=7))
    assert rendered.message == "HostDown ほか7件 8"


def test_the_link_is_kept() -> None:
    """However long names and summary are, the link in an SMS is whole; the names are shortened after the summary."""
    found = settings(public_url="https://on-call.example", dial_in="815011112222", texts={"max_parts": 1})
    long = notification(alert("N" * 300) | {"annotations": {"summary": "s" * 300}}).firing
    text = message_text.render_sms(found, incident(long), link="https://on-call.example/a/K7QDabc").message
    assert text.endswith("N...: ... #K7QD Ack: https://on-call.example/a/K7QDabc Ack by calling 815011112222")
    assert len(text) <= 140
    template = {"id": 6, "variables": {"where": "{link}"}}
    found = settings(
        public_url="https://on-call.example", texts={"sms_template": template, "resolved_template": template}
    )
    link = f"https://on-call.example/{'a' * 60}"
    assert message_text.render_sms(found, incident(long), link=link).variables == {"where": link}


def test_a_cut_may_make_it_ascii() -> None:
    """If the only non-ASCII character is cut off, the rest of the message is kept."""
    text = render(alert() | {"annotations": {"summary": "a" * 100 + "あ"}}, texts={"max_parts": 1, "sms": "{summary}"})
    assert text == "a" * 100 + "..."


def test_preview() -> None:
    """The preview of a payload shows its list, and whether it breaks through quiet hours."""
    found = settings(quiet={"hours": "22:00-07:00", "break_through": ["critical"]}, spend_limit={"call_price": 20})
    critical = "\n".join(preview.describe_notification(found, notification(alert())))
    assert "list  oncall" in critical
    assert "after 5 min  call tanaka, up to 2 times, 2 min apart" in critical
    assert "breaks through the quiet hours" in critical
    assert "about 10 credits" in critical
    warning = "\n".join(preview.describe_notification(found, notification(alert(severity="warning"))))
    assert "waits for the end of the quiet hours" in warning
    nobody = settings(routes=[{"match": {"a": "b"}, "list": "office"}])
    assert "quiet" not in "\n".join(preview.describe_notification(settings(), notification(alert())))
    assert list(preview.describe_notification(nobody, notification(alert()))) == [
        "no route matches: nobody would be notified"
    ]


def test_no_calls() -> None:
    """Without calls no spoken text is shown, and waits are in seconds unless they are whole minutes."""
    lists = {"office": {"steps": [{"to": "tanaka", "method": "sms", "wait": "90s", "repeats": 1}]}}
    people = {"tanaka": "+14155552671"}
    found = settings(lists=lists, people=people, caller="", routes=[{"list": "office"}])
    shown = "\n".join(preview.describe(found))
    assert "SMS to tanaka, up to 2 times, 90 s apart" in shown
    assert "call  " not in shown
    assert "credits" not in shown


def test_templates() -> None:
    """The variables of a template are filled, never empty, and each is cut at 60 characters."""
    template = {"id": 6, "variables": {"what": "{names}", "why": "{summary}", "who": "{label.team}"}}
    found = settings(texts={"sms_template": template, "resolved_template": {"id": 7}})
    posted = notification(alert() | {"annotations": {"summary": "x" * 100}})
    alerts = posted.firing
    rendered = message_text.render_sms(found, incident(alerts))
    assert (rendered.template, rendered.variables["what"], rendered.variables["who"]) == (6, "HostDown", "-")
    assert rendered.variables["why"] == "x" * 57 + "..."
    assert message_text.render_sms(found, incident(alerts), resolved=True).template == 7
    shown = "\n".join(preview.describe_notification(found, posted))
    assert "SMS   template 6\n      what = HostDown" in shown


def test_a_call_speaks_no_empty_sentence() -> None:
    """Without a severity, or with a summary that ends with a full stop, no stop is doubled."""
    one = alert("Page", severity="") | {"annotations": {"summary": "This is a test."}}
    spoken = message_text.render_call(settings(), incident(notification(one).firing)).message
    again = "I repeat. Page. This is a test. By answering you have acknowledged it."
    assert spoken == f"Alert. Page. This is a test. {again}"
