"""Which language is spoken, and what is said in it."""

import pytest

from xoxzo.cloudpy.wording import Wording, choose, language


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "ja"}, "ja"),
        ({"LC_ALL": "", "LANG": "ja"}, "ja"),
        ({"LANG": "jam_JM"}, "en"),
    ],
)
def test_language(environ: dict[str, str], expected: str) -> None:
    """The first locale variable that is set decides, and everything but Japanese is English."""
    assert language(environ) == expected


def test_tags() -> None:
    """A browser's tag is read as a locale is."""
    assert [choose(tag) for tag in ("ja", "JA-JP", "en-US", "")] == ["ja", "ja", "en", "en"]


def test_texts() -> None:
    """A text is translated and filled in; one that nobody translated stays English."""
    texts = {"{count} messages": "{count}通"}
    assert Wording(texts)("{count} messages", count=3) == "3 messages"
    japanese = Wording(texts, "ja")
    assert japanese("{count} messages", count=3) == "3通"
    assert japanese("Send {it}") == "Send {it}"
