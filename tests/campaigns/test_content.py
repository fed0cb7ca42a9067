"""What a campaign sends: placeholders of messages and templates."""

from __future__ import annotations

import pytest

from xoxzo.cloudpy.campaigns import Content
from xoxzo.cloudpy.errors import InvalidArgument


def content(message: str, **fields: object) -> Content:
    """Return the content of an SMS."""
    return Content(**{"kind": "text", "sender": "Shop", "message": message, **fields})


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("{a} {a} {b}", ("a", "b")),
        ("{first name} {お名前（漢字）} {e-mail}", ("first name", "お名前（漢字）", "e-mail")),
        ("{ name } {{name}} {{ name }} ｛name｝ ｛｛name｝｝", ("name",)),
        ("{ชื่อ} {नाम}", ("ชื่อ", "नाम")),
        ("no placeholder", ()),
    ],
)
def test_placeholders(message: str, names: tuple[str, ...]) -> None:
    """A placeholder is any text in braces, single or double, half or full width, without the blanks around it."""
    made = content(message)
    made.check()
    assert made.placeholders == names
    assert "{" not in made.render(dict.fromkeys(names, "x"))


@pytest.mark.parametrize(
    "message", ["Hi {name", "Hi name}", "{}", "{ }", "{{name}", "{name}}", "{{{name}}}", "｛", "}{"]
)
def test_a_brace_without_placeholder_is_refused(message: str) -> None:
    """Nobody gets a brace that was meant to be a placeholder; speech is checked, too."""
    with pytest.raises(InvalidArgument, match="belongs to no placeholder"):
        content(message).check()
    with pytest.raises(InvalidArgument, match="belongs to no placeholder"):
        content(message, kind="say", sender="+815012345678").check()


def test_an_approved_template_is_sent_as_it_stands() -> None:
    """Xoxzo's staff have approved its text, lone braces as well; the address of an mp3 has no placeholders."""
    made = content("{name} :}", kind="template", template=1)
    made.check()
    assert made.render({"name": "{b}"}) == "{b} :}"
    played = content("http://example.com/{a}.mp3", kind="play", sender="+815012345678")
    assert (played.placeholders, played.render({})) == ((), "http://example.com/{a}.mp3")
