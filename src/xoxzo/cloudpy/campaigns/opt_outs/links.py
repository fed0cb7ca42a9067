"""The links in messages by which people opt out: short, signed, without a phone number; and the pages behind them.

A page asks, and a button opts out or withdraws that: a link that is merely fetched, as scanners and previews do,
changes nothing. The pages need no network and no script, work on old phones, and are shared by all frameworks.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from xoxzo.cloudpy.campaigns.ledger import CampaignStore, Ledger, open_store
from xoxzo.cloudpy.common.locale import N_, accepted_language, translations
from xoxzo.cloudpy.errors import CampaignError
from xoxzo.cloudpy.operations import checks

TEST_POSITION = 0
"""The position in the links of test messages, which opt nobody out."""
_POSITION_BYTES = 4
_SIGNATURE_BYTES = 5
# Nine bytes are twelve characters, without padding: each text stands for other bytes.
_TOKEN = re.compile(r"[\w-]{12}", re.ASCII)
_DOMAIN = b"xoxzo.cloudpy.opt-outs"


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

    def link(self, n: int) -> str:
        """Return the link of a recipient by its position in the campaign, from 1."""
        return self._link(self.first + n - 1)

    def test_link(self) -> str:
        """Return a link that opts nobody out."""
        return self._link(TEST_POSITION)

    def _link(self, position: int) -> str:
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
_STYLE = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
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
_QUESTION = N_("Stop these messages?")
_EXPLANATION = N_("We will send no more campaign messages to this phone number.")
_DONE = N_("You are unsubscribed")
_SINCE = N_("Since {time}, no more campaign messages are sent to this phone number.")
_INVALID = N_("This link is not valid")
_CHECK = N_("Please open it exactly as in the message, or ask the sender.")
_GONE = N_("This link is no longer valid")
_ASK = N_("Please ask the sender to stop the messages.")
_TEST = N_("This is a test message")
_NOTHING = N_("Its link changes nothing. Recipients can opt out on this page.")
_AWAY = N_("Please try again later")
_UNCHANGED = N_("Nothing was changed: the list cannot be reached at the moment.")


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
            return _page(404, person, _INVALID, _CHECK)
        if position == TEST_POSITION:
            return _page(200, person, _TEST, _NOTHING)
        try:
            found = self._find(position, accept_language)
            if found is None:
                return _page(410, person, _GONE, _ASK)
            if method == "POST":
                self._change(found.number, query)
                # So that loading the page again repeats nothing.
                return OptOutPage(303, {**HEADERS, "Location": token})
            if method in {"GET", "HEAD"}:
                return self._show(found)
        except CampaignError:
            return _page(503, person, _AWAY, _UNCHANGED)
        return OptOutPage(405, {**HEADERS, "Allow": "GET, HEAD, POST"})

    def _change(self, number: str, query: str) -> None:
        if query == _STOP:
            self._store.opt_outs.add([number], source=SOURCE)
        elif query == _UNDO:
            # What the sender has added is not withdrawn here.
            self._store.opt_outs.remove([number], source=SOURCE)

    def _show(self, person: _Person) -> OptOutPage:
        entry = self._store.opt_outs.get(person.number)
        if entry is None:
            return _page(200, person, _QUESTION, _EXPLANATION, _STOP)
        zone = ZoneInfo("Asia/Tokyo") if person.number.startswith(_JAPAN) else None
        at = datetime.fromtimestamp(entry.since).astimezone(zone)
        since = (
            f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}" if person.language == "ja" else f"{at:%Y-%m-%d %H:%M %Z}"
        )
        return _page(200, person, _DONE, _SINCE, _UNDO if entry.source == SOURCE else "", time=since)

    def _find(self, position: int, accept_language: str) -> _Person | None:
        """Return whose a link is; ``None`` if its campaign was removed or purged."""
        link = self._store.opt_outs.find_link(position)
        if link is None:
            return None
        uid, name, n = link
        if not self._store.exists(name):
            return None
        ledger = self._store.open(name)
        try:
            recipient = next(ledger.recipients(n, n), None)
            if recipient is None or ledger.get("uid") != uid or not recipient.number.startswith("+"):
                return None
            sender = self._name or str((ledger.get("content") or {}).get("sender", ""))
            default = "ja" if recipient.number.startswith(_JAPAN) else "en"
            return _Person(recipient.number, sender, accepted_language(accept_language, default))
        finally:
            ledger.close()


def _page(status: int, person: _Person, title: str, text: str, action: str = "", *, time: str = "") -> OptOutPage:
    _, language, sender = translations(person.language).gettext, person.language, person.sender
    labels = {_STOP: (_("Stop the messages"), ""), _UNDO: (_("Get messages again"), ' class="quiet"')}
    form = ""
    if action:
        label, style = labels[action]
        form = f'<form method="post" action="?{action}"><button{style}>{escape(label)}</button></form>'
    shown = f'<p class="sender">{escape(sender)}</p>' if sender else ""
    sentence = escape(_(text).format(time=time))
    body = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width,initial-scale=1"><title>{escape(_(title))}</title><style>{_STYLE}</style></head>'
        f"<body><main>{shown}<h1>{escape(_(title))}</h1><p>{sentence}</p>{form}</main></body></html>\n"
    )
    return OptOutPage(status, HEADERS, body.encode())
