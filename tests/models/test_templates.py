"""SMS templates as values: their placeholders, and what they become (API section 3)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.models import RenderedText, Template, TemplateStatus

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

Refused = Callable[[Template, Any], tuple[str, str]]


def template(content: str | None) -> Template:
    """Make a template whose text is in force."""
    return Template(id=7, status=TemplateStatus.APPROVED, approved_content=content)


@pytest.fixture
def refused() -> Refused:
    """Check that a template cannot be rendered, and give the field and the reason."""

    def check(value: Template, variables: Any) -> tuple[str, str]:
        with pytest.raises(InvalidArgument) as caught:
            value.render(variables)
        return caught.value.field, caught.value.reason

    return check


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("Hi {name}! This is your discount {order_number}", ("name", "order_number")),
        ("{b} {a} {b}", ("b", "a")),
        ("{名前}様、{x1}", ("名前", "x1")),
        ("{} { } { a } {a-b} {a.b} }{ {", ("a", "a-b", "a.b")),
        ("{{name}} {name} {{ other }} {{half} {{{deep}}}", ("name", "other", "half", "deep")),
        ("{first name} {お名前（漢字）} {e-mail} ｛name｝", ("first name", "お名前（漢字）", "e-mail", "name")),
        ("{ชื่อ} {नाम} {ご予約}", ("ชื่อ", "नाम", "ご予約")),
        ("", ()),
        (None, ()),
    ],
)
def test_placeholders(content: str | None, names: tuple[str, ...]) -> None:
    """The names in braces are found once each, in order; what is no name in braces is plain text."""
    assert template(content).placeholders == names


def test_only_the_text_in_force_has_placeholders() -> None:
    """A text that waits for approval is not the one that would be sent."""
    waiting = Template(id=8, status=TemplateStatus.PENDING, approved_content="{a}", pending_content="{b}")

    assert waiting.placeholders == ("a",)


@pytest.mark.parametrize(
    ("content", "variables", "text", "units", "parts"),
    [
        ("Hi {name}! Order {order_number}", {"name": "Alice", "order_number": "A-7"}, "Hi Alice! Order A-7", 19, 1),
        ("{a}{a}", {"a": "x"}, "xx", 2, 1),
        ("{a} {b}", {"a": "{b}", "b": r"\1 {a}"}, r"{b} \1 {a}", 10, 1),
        ("{a}", {"a": ""}, "", 0, 1),
        ("{{a}} { b c } ｛a｝ {{a}", {"a": "1", "b c": "2"}, "1 2 1 {1", 8, 1),
        ("plain", {}, "plain", 5, 1),
        ("{a}", {"a": "a" * 141}, "a" * 141, 141, 2),
        ("{a}様", {"a": "春" * 70}, "春" * 70 + "様", 71, 2),
        ("{a}", {"a": "🎉" * 330}, "🎉" * 330, 660, 10),
    ],
)
def test_render(content: str, variables: dict[str, str], text: str, units: int, parts: int) -> None:
    """Every placeholder is filled once, values are never read as templates, and each part costs 10 credits."""
    rendered = template(content).render(variables)

    assert rendered == RenderedText(text=text, units=units, parts=parts, cost=Decimal(10 * parts))


def test_a_text_that_is_too_long_has_no_parts_and_no_cost() -> None:
    """Rendering tells that a text cannot be sent and does not fail."""
    rendered = template("{a}").render({"a": "a" * 661})

    assert (rendered.units, rendered.parts, rendered.cost) == (661, None, None)


def test_any_mapping_will_do() -> None:
    """Variables need not be a dict."""
    assert template("{a}").render(MappingProxyType({"a": "b"})).text == "b"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "missing name, order"),
        ({"name": "Alice"}, "missing order"),
        ({"name": "a", "order": "b", "nmae": "c", "x": "d"}, "unknown nmae, x"),
        ({"name": "Alice", "oder": "b"}, "missing order; unknown oder"),
    ],
)
def test_missing_and_unknown_names_are_named(refused: Refused, variables: dict[str, str], expected: str) -> None:
    """A mistyped name raises an error with the missing and the unknown names, and without values."""
    field, reason = refused(template("Hi {name}, order {order}"), variables)

    assert (field, reason) == ("variables", f"must be those that the template names: {expected}")


def test_a_number_for_a_name_is_masked(refused: Refused) -> None:
    """Who swaps name and value finds no phone number in the log."""
    _, reason = refused(template("plain"), {"+818011112222": "name"})

    assert reason.endswith("unknown +81••••2222")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ("name", "must be a mapping"),
        ([("name", "Alice")], "must be a mapping"),
        (None, "must be a mapping"),
        ({7: "Alice"}, "names that are texts"),
        ({"\ud800": "Alice"}, "names that are texts"),
        ({"name": 7}, "name is not one"),
        ({"name": None}, "name is not one"),
        ({"name": "half \udc00"}, "name is not one"),
    ],
)
def test_variables_are_texts(refused: Refused, variables: Any, expected: str) -> None:
    """What cannot be written as a JSON object of texts is refused by name."""
    field, reason = refused(template("Hi {name}"), variables)

    assert field == "variables"
    assert expected in reason


def test_a_template_never_approved_has_no_text(refused: Refused) -> None:
    """There is nothing to render before the first approval."""
    assert refused(template(None), {})[0] == "template"


@patient
@given(st.lists(st.tuples(st.text("ab {}", max_size=5), st.sampled_from(["x", "y", "名"]))), st.text(max_size=20))
def test_only_placeholders_change(pieces: list[tuple[str, str]], value: str) -> None:
    """Around the values, the text stays as it is, whatever braces stand in it."""
    pieces = [(plain.replace("{", "(").replace("}", ")"), name) for plain, name in pieces]
    value = value.encode("utf-8", "replace").decode()
    made = template("".join(f"{plain}{{{name}}}" for plain, name in pieces))

    text = made.render(dict.fromkeys(made.placeholders, value)).text
    assert text == "".join(plain + value for plain, _ in pieces)


def test_repr_shows_no_text() -> None:
    """Neither a template's texts nor the rendered texts reach a log."""
    value = Template(
        id=7,
        name="Welcome",
        status=TemplateStatus.APPROVED,
        approved_content="Hi {name}",
        pending_content="Hello {name}",
        api_usage_example="curl",
    )

    assert repr(value) == "Template(id=7, name='Welcome', status=<TemplateStatus.APPROVED: 'APPROVED'>)"
    assert repr(value.render({"name": "Alice"})) == "RenderedText(units=8, parts=1, cost=Decimal('10'))"
