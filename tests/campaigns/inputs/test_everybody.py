"""Everybody in a list is sent to with the right words, or is named: in a refusal, or among the bad rows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, note, settings, strategies as st
from lists_of_people import MANGLES, PeopleList, people_list
from rotation import selected_count

from xoxzo.cloudpy.campaigns import BadRows, Campaign, Content, Recipient
from xoxzo.cloudpy.campaigns.create import CreateApi
from xoxzo.cloudpy.campaigns.ledger import CampaignStore
from xoxzo.cloudpy.errors import CampaignError

LISTS = selected_count(350, 100)


@CampaignStore.register
class Received:
    """A store with one ledger, which only remembers who would be sent to: a file for each list would take too long."""

    def __init__(self) -> None:
        self.recipients: dict[str, Recipient] = {}
        self.repeated: set[int] = set()

    @contextmanager
    def create(self, name: str) -> Iterator[Received]:
        """Return the ledger."""
        yield self

    def add(self, recipients: Iterable[Recipient]) -> Iterator[Recipient]:
        """Remember recipients; yield those whose number is there already."""
        for one in recipients:
            if one.number in self.recipients:
                self.repeated.add(one.line)
                yield one
            else:
                self.recipients[one.number] = one

    def get(self, name: str) -> int:
        """Return how many there are."""
        return len(self.recipients)

    def put(self, values: Any) -> None:
        """Leave what describes a campaign aside."""

    def suppress(self, numbers: Iterable[str]) -> None:
        """Take the numbers, of which there are none."""
        assert not list(numbers)

    def seal(self) -> None:
        """Close the list."""


class Creation(CreateApi):
    """A campaign that was created, and is not opened."""

    @classmethod
    def open(cls, _name: str, **_options: object) -> Creation:
        """Return a campaign."""
        return cls.__new__(cls)


def check(made: PeopleList) -> None:
    """Read a list as a campaign does, with --skip-bad, and look who would get what."""
    note(f"{made.data!r}\n{made.content.message}\n{made.people}")
    received = Received()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "list.csv")
        path.write_bytes(made.data)
        try:
            bad = Creation.create("c", path, made.content, store=received, skip_bad=True).bad
        except CampaignError as error:
            if made.must_be_read or isinstance(error, BadRows):
                raise
            return
    right = {(person.number, same(made.text_for(person))) for person in made.people if person.is_good}
    sent = {(number, same(made.content.render(one.variables))) for number, one in received.recipients.items()}
    assert sent <= right, f"{sent - right} is what nobody should get"
    named = {row.line for row in bad} | received.repeated
    if not (made.hides_lines and bad):
        lost = [one for one in made.people if one.line not in named and one.number not in received.recipients]
        assert not lost, f"{lost} are neither sent to nor named: {bad}"
    if made.must_be_read:
        assert not bad, bad


def same(text: str) -> str:
    """Line ends are no difference that a reader sees."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("mangle", MANGLES)
def test_everybody_is_sent_to_or_named(mangle: str) -> None:
    """Nobody gets words that were not meant, and nobody is lost without a word, whatever has happened to the list."""

    @settings(max_examples=LISTS, database=None, derandomize=True)
    @given(st.integers(0, 2**40))
    def holds(seed: int) -> None:
        random = Random(seed)
        check(people_list(random, {mangle, *random.sample(MANGLES, random.choice((0, 0, 1)))}))

    holds()


@settings(max_examples=LISTS, database=None, derandomize=True)
@given(st.integers(0, 2**40))
def test_what_is_not_mangled_is_read(seed: int) -> None:
    """Good lists are not refused: in every delimiter, kind of line end and Unicode encoding."""
    check(people_list(Random(seed), set()))


def test_the_rest_of_a_torn_cell_is_nobodys_name(tmp_path: Path) -> None:
    """An open quotation mark tears a later cell of two lines: its second line is a bad row, too."""
    path = tmp_path / "list.csv"
    path.write_text(
        'name,phone\n"山田,090-1111-2222\n"two\nlines",080-1111-3333\n鈴木,070-1111-4444\n', encoding="utf-8"
    )
    content = Content(kind="text", sender="Shop", message="{name}様")
    with Campaign.create("c", path, content, store=tmp_path, skip_bad=True) as campaign:
        assert [row.line for row in campaign.bad] == [2, 4]
        assert [one.variables["name"] for one in campaign.ledger.recipients()] == ["鈴木"]
