"""The opt-out list of a store, the links in messages by which people opt out, and the pages behind these.

A link is short, signed, and without a phone number. Its page asks, and a button opts out or withdraws that: a link that
is merely fetched, as scanners and previews do, changes nothing. The pages need no network and no script, work on old
phones, and are shared by all frameworks.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import os
import re
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any, NamedTuple, TextIO
from zoneinfo import ZoneInfo

import msgspec

from xoxzo.cloudpy.campaigns.inputs import cells, detection, recipients
from xoxzo.cloudpy.campaigns.ledger import CampaignStore, Ledger, open_store
from xoxzo.cloudpy.campaigns.ledger.opt_outs import HASH_BYTES, OptOut
from xoxzo.cloudpy.common.locale import N_, accepted_language, translations
from xoxzo.cloudpy.errors import CampaignError
from xoxzo.cloudpy.operations import checks

EXPORT_COLUMNS = ("hash", "since", "source", "campaign")
"""The columns of an exported list. ``since`` is ISO 8601 in UTC; ``campaign`` is empty for all campaigns."""
TEST_POSITION = 0
"""The position in the links of test messages, which opt nobody out."""
_POSITION_BYTES = 4
_SIGNATURE_BYTES = 5
# Nine bytes are twelve characters, without padding: each text stands for other bytes.
_TOKEN = re.compile(r"[\w-]{12}", re.ASCII)
_DOMAIN = b"xoxzo.cloudpy.opt-outs"


class OptOuts:
    """The opt-out list of a store: who gets no message of any of its campaigns, from the next claim on.

    The list holds hashes of numbers, and no numbers. Whoever can read it can test whether a number is on it.

    Args:
        store: where the campaigns are, as for ``Campaign.create``.
        country: the country of numbers without a country code, as ISO 3166-1 alpha-2.

    Methods raise ``CampaignError`` where the list cannot be read or written, and ``InvalidArgument`` for what is no
    phone number.
    """

    def __init__(self, store: CampaignStore | str | os.PathLike[str] | None = None, *, country: str = "JP") -> None:
        self._list = open_store(store).opt_outs
        self._country = country

    def add(self, numbers: Iterable[str], *, source: str = "", since: datetime | None = None) -> int:
        """Add numbers; return how many are new. A number that is on the list already keeps its time and source.

        Args:
            numbers: as people write them.
            source: where the opt-out came from, for instance ``phone call``.
            since: when the person opted out; by default now.
        """
        at = None if since is None else since.timestamp()
        return self._list.add(list(recipients.read_numbers(numbers, self._country, "numbers")), source=source, since=at)

    def remove(self, numbers: Iterable[str]) -> int:
        """Remove numbers; return how many were on the list."""
        return self._list.remove(list(recipients.read_numbers(numbers, self._country, "numbers")))

    def get(self, number: str) -> OptOut | None:
        """Return since when and why a number is on the list; ``None`` if it is not."""
        return self._list.get(recipients.parse_number(number, self._country))

    def __contains__(self, number: str) -> bool:
        return self.get(number) is not None

    def __iter__(self) -> Iterator[OptOut]:
        """Yield all entries, the oldest first; those of `Campaign.suppress` as well."""
        return iter(self._list)

    def newest(self, count: int) -> list[OptOut]:
        """Return the newest entries, the newest first."""
        return self._list.newest(count)

    def import_file(self, path: str | os.PathLike[str], *, source: str | None = None) -> int:
        """Add the numbers of a file, or the entries of an exported list; return how many are new.

        Args:
            path: the file: whatever a list of recipients can be. All columns of phone numbers count.
            source: where the opt-outs came from; by default the file's name. An exported list has its own.

        Raises:
            BadRows: a row has no readable number; nothing was added.
        """
        if (entries := _read_export(Path(path))) is not None:
            return self._list.merge(entries)
        numbers, bad = recipients.read_numbers_file(path, self._country)
        if bad:
            raise recipients.BadRows(bad, len(bad))
        return self._list.add(numbers, source=Path(path).name if source is None else source)

    def export(self, file: TextIO) -> int:
        """Write the list as CSV, for `import_file` of another store; return how many entries it has."""
        writer = csv.writer(file)
        writer.writerow(EXPORT_COLUMNS)
        count = 0
        for count, one in enumerate(self, 1):  # noqa: B007 - it is returned
            since = datetime.fromtimestamp(one.since, UTC).isoformat()
            writer.writerow((one.hash.hex(), since, cells.without_formula(one.source), one.campaign))
        return count


def _read_export(path: Path) -> list[OptOut] | None:
    """Return the entries of an exported list; ``None`` if the file is something else."""
    try:
        with path.open("rb") as file:
            if not file.read(16).removeprefix(b"\xef\xbb\xbf").startswith(b"hash,since"):
                return None
        with path.open(encoding="utf-8-sig", newline="") as text:
            return [_read_entry(row) for row in csv.DictReader(text)]
    except OSError as error:
        raise detection.cannot_be_read(path, error) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CampaignError(
            "not_an_opt_out_list",
            "{path} is not an exported opt-out list, or it was changed: nothing was added",
            path=path,
        ) from None


def _read_entry(row: dict[str, Any]) -> OptOut:
    number, since = bytes.fromhex(row["hash"]), datetime.fromisoformat(row["since"]).timestamp()
    if tuple(row) != EXPORT_COLUMNS or row["campaign"] is None or len(number) != HASH_BYTES:
        raise ValueError(row["hash"])
    return OptOut(number, since, cells.with_formula(row["source"]), row["campaign"])


class LinkSigner(msgspec.Struct, frozen=True):
    """Makes the links of one campaign. Its ledger holds it, so that every worker can make them."""

    url: str
    """What a link begins with."""
    key: bytes
    """Signs the positions; it is derived from the secret, which does not follow from it."""
    first: int
    """The position of the first recipient."""

    def __repr__(self) -> str:
        return f"LinkSigner(url={self.url!r})"

    def link(self, n: int | None) -> str:
        """Return the link of a recipient by its position in the campaign, from 1; for ``None``, one for a test."""
        position = TEST_POSITION if n is None else self.first + n - 1
        plain = position.to_bytes(_POSITION_BYTES, "big")
        return f"{self.url}/{urlsafe_b64encode(plain + _sign(self.key, plain)).decode()}"


class OptOutLinks:
    """Makes the links for ``{opt_out}`` in messages, and verifies them.

    A link ends with twelve characters: a position in the store, which leads to the recipient, and 40 bits of signature.

    Args:
        secret: the key that signs, at least 16 random characters; or several keys, newest first. The first signs and
            all are accepted, so that a key can be replaced while messages with links are about. It may be the key of
            `Callbacks`.
        url: the public URL of the opt-out pages, such as ``https://shop.example/o``. Short ones save SMS parts.

    Raises:
        ConfigurationError: a key is missing or too short, or ``url`` is no URL or has a query.
    """

    def __init__(self, secret: str | bytes | Sequence[str | bytes], url: str) -> None:
        self.url = checks.url_before_token("url", url)
        self._keys = [hmac.digest(key, _DOMAIN, "sha256") for key in checks.signing_keys(secret)]

    def __repr__(self) -> str:
        return f"OptOutLinks(url={self.url!r})"

    def signer(self, first: int) -> LinkSigner:
        """Return what makes the links of a campaign whose first recipient has a position in the store."""
        return LinkSigner(self.url, self._keys[0], first)

    def verify(self, token: str) -> int | None:
        """Return the position that a token was made for; ``None`` for a token that none of the keys has signed."""
        if not _TOKEN.fullmatch(token):
            return None
        raw = urlsafe_b64decode(token)
        plain, signature = raw[:_POSITION_BYTES], raw[_POSITION_BYTES:]
        if not any(hmac.compare_digest(_sign(key, plain), signature) for key in self._keys):
            return None
        return int.from_bytes(plain, "big")


def read_links(ledger: Ledger) -> LinkSigner | None:
    """Return what makes the links of a campaign; ``None`` if its message has none."""
    stored = ledger.get("links")
    return None if stored is None else msgspec.convert(stored, LinkSigner)


def _sign(key: bytes, plain: bytes) -> bytes:
    return hmac.digest(key, plain, "sha256")[:_SIGNATURE_BYTES]


SOURCE = "link"
"""The source of opt-outs by a link."""
_JAPAN = "+81"
_STYLE = Path(__file__).with_name("opt_outs.css").read_text(encoding="utf-8")
_STYLE_HASH = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
"""The header fields of every page."""
_STOP, _UNDO = "stop", "undo"
_PAGES = {
    "invalid": (404, N_("This link is not valid"), N_("Please open it exactly as in the message, or ask the sender.")),
    "test": (200, N_("This is a test message"), N_("Its link changes nothing. Recipients can opt out on this page.")),
    "gone": (410, N_("This link is no longer valid"), N_("Please ask the sender to stop the messages.")),
    "away": (503, N_("Please try again later"), N_("Nothing was changed: the list cannot be reached at the moment.")),
    "ask": (200, N_("Stop these messages?"), N_("We will send no more campaign messages to this phone number.")),
    "done": (
        200,
        N_("You are unsubscribed"),
        N_("Since {time}, no more campaign messages are sent to this phone number."),
    ),
}
"""The status, title and text of each page."""


class OptOutPage(msgspec.Struct, frozen=True):
    """The HTTP response to a link."""

    status: int
    """The HTTP status."""
    headers: dict[str, str]
    """The header fields."""
    body: bytes = b""
    """The page; empty after a redirect."""


class _Person(NamedTuple):
    """Whose a link is, who sends to them, and their language."""

    number: str
    sender: str
    language: str


class OptOutEndpoint:
    """Answers the links that `OptOutLinks` has made, in Japanese or English. It may block, for it reads the store.

    Args:
        links: verifies the links.
        store: where the campaigns are, as for ``Campaign.create``.
        name: who sends the messages, as recipients know them; by default the sender of the campaign.
    """

    def __init__(
        self, links: OptOutLinks, store: CampaignStore | str | os.PathLike[str] | None = None, *, name: str = ""
    ) -> None:
        self._links = links
        self._store = open_store(store)
        self._name = name

    def handle(self, method: str, path: str, query: str = "", accept_language: str = "") -> OptOutPage:
        """Return the response to a request.

        Args:
            method: GET and HEAD show the page; POST opts out, or withdraws that.
            path: its last part is the token.
            query: what a POST does.
            accept_language: the header field, which decides the language; else the country of the number does.
        """
        token = path.rstrip("/").rpartition("/")[2]
        position = self._links.verify(token)
        person = _Person("", self._name, accepted_language(accept_language, "ja"))
        if position is None:
            return _page("invalid", person)
        if position == TEST_POSITION:
            return _page("test", person)
        try:
            found = self._find(position, accept_language)
            if found is None:
                return _page("gone", person)
            if method == "POST":
                if query == _STOP:
                    self._store.opt_outs.add([found.number], source=SOURCE)
                elif query == _UNDO:
                    # What the sender has added is not withdrawn here.
                    self._store.opt_outs.remove([found.number], source=SOURCE)
                # So that loading the page again repeats nothing.
                return OptOutPage(303, {**HEADERS, "Location": token})
            if method in {"GET", "HEAD"}:
                return self._show(found)
        except CampaignError:
            return _page("away", person)
        return OptOutPage(405, {**HEADERS, "Allow": "GET, HEAD, POST"})

    def _show(self, person: _Person) -> OptOutPage:
        entry = self._store.opt_outs.get(person.number)
        if entry is None:
            return _page("ask", person, _STOP)
        is_japanese = person.number.startswith(_JAPAN)
        at = datetime.fromtimestamp(entry.since).astimezone(ZoneInfo("Asia/Tokyo") if is_japanese else None)
        # Without kanji in what is formatted: strftime of Windows cannot encode them.
        day = f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}" if person.language == "ja" else f"{at:%Y-%m-%d %H:%M %Z}"
        return _page("done", person, _UNDO if entry.source == SOURCE else "", time=day)

    def _find(self, position: int, accept_language: str) -> _Person | None:
        """Return whose a link is; ``None`` if its campaign was removed or purged."""
        link = self._store.opt_outs.find_link(position)
        if link is None or not self._store.exists(link[1]):
            return None
        uid, name, n = link
        with closing(self._store.open(name)) as ledger:
            recipient = next(ledger.recipients(n, n), None)
            if recipient is None or ledger.get("uid") != uid or not recipient.number.startswith("+"):
                return None
            sender = self._name or str((ledger.get("content") or {}).get("sender", ""))
            default = "ja" if recipient.number.startswith(_JAPAN) else "en"
            return _Person(recipient.number, sender, accepted_language(accept_language, default))


def _page(name: str, person: _Person, action: str = "", *, time: str = "") -> OptOutPage:
    _, (status, title, text) = translations(person.language).gettext, _PAGES[name]
    label, style = (_("Stop the messages"), "") if action == _STOP else (_("Get messages again"), ' class="quiet"')
    button = f'<form method="post" action="?{action}"><button{style}>{escape(label)}</button></form>' if action else ""
    sender = f'<p class="sender">{escape(person.sender)}</p>' if person.sender else ""
    title, sentence = escape(_(title)), escape(_(text).format(time=time))
    body = (
        f'<!doctype html><html lang="{person.language}"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width,initial-scale=1"><title>{title}</title><style>{_STYLE}</style></head>'
        f"<body><main>{sender}<h1>{title}</h1><p>{sentence}</p>{button}</main></body></html>\n"
    )
    return OptOutPage(status, HEADERS, body.encode())
