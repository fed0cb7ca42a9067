"""Accounts, and what belongs to them: numbers, templates, websites and one-time passwords."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from xoxzo.cloudpy.simulator.settings import NumberRange


def _short_repr(record: Struct) -> str:
    name = record.__struct_fields__[0]
    return f"{type(record).__name__}({name}={getattr(record, name)!r})"


class Record(Struct, eq=False):
    """A record that refers to an account. Its `repr` shows its first field alone, since others may be secret."""

    __repr__ = _short_repr


class Account(Record, eq=False):
    """A SID with its token, its balance and its rights."""

    sid: str
    token: str
    credits: Decimal
    bought: bool = False
    """Whether credits were bought: until then its texts may be replaced (API section 15.27)."""
    verified: bool | None = None
    """Whether it may subscribe numbers (API section 15.47); ``None`` leaves that to the settings."""
    free_form: bool | None = None
    """Whether it may send texts of its own (API section 15.8); ``None`` leaves that to the settings."""


def is_same_account(one: Account | None, other: Account) -> bool:
    """Say whether two are the same account, even if one object was created again."""
    return one is not None and (one.sid, one.token) == (other.sid, other.token)


class SubscribedNumber(Record, eq=False):
    """A number and, while it is subscribed, its owner and action."""

    kind: Literal["din", "sin"]
    uid: str
    number: str
    range: NumberRange
    owner: Account | None = None
    action_url: str | None = None
    since: float = 0.0
    months: int = 0
    """How many were paid since then."""
    term: int = 0
    """Counts subscriptions, so that a renewal knows whether it is still meant."""

    def view(self) -> dict[str, object]:
        """Return it as the search shows it (API section 6.1)."""
        shown: dict[str, object] = {
            "country_code": self.range.country_code,
            self.kind: self.number,
            f"{self.kind}_uid": self.uid,
            "monthly_cost": self.range.monthly_cost,
            "prefix": self.range.prefix,
        }
        if self.kind == "din":
            return {**shown, "minute_cost": self.range.minute_cost}
        return {**shown, "initial_cost": self.range.initial_cost, "message_cost": self.range.minute_cost}

    def subscribed_view(self) -> dict[str, object]:
        """Return it as the subscription list shows it (API sections 6.3 and 15.48)."""
        return {**self.view(), "action": {"url": self.action_url}}


_OPENING, _CLOSING = frozenset("{｛"), frozenset("}｝")
_IN_BRACES = re.compile(r"[{｛]([^{}｛｝]+)[}｝]")


class Template(Record, kw_only=True, eq=False):
    """A text with placeholders, in force, waiting for approval, or both."""

    ident: int
    account: Account
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

    @property
    def placeholders(self) -> list[str]:
        """The names of the placeholders of the text in force, each once, in the order of the text."""
        return list(dict.fromkeys(name for _, name in _pieces(self.approved_content or "") if name))

    def render(self, variables: Mapping[str, str]) -> str:
        """Return the text in force with its placeholders filled."""
        # One pass over the template: braces inside a value stay as they are.
        pieces = _pieces(self.approved_content or "")
        return "".join(text + (variables[name] if name else "") for text, name in pieces)

    def _example(self, base_url: str) -> str:
        variables = {name: f"Sample_{name}" for name in self.placeholders}
        body = {"sender": "TestSender", "recipient": "+81987654321", "variables": variables}
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        url = f"{base_url}/sms/templates/<template_id>/messages/"
        return f"curl -u sid:token -X POST {url} -H \"Content-Type: application/json\" -d '{text}'"


def _pieces(content: str) -> Iterator[tuple[str, str]]:
    """Split a text into pairs of plain text and the placeholder's name after it; the last name is empty.

    The API's description has single braces, a blog post has double ones (API section 3.1).
    """
    end = 0
    for found in _IN_BRACES.finditer(content):
        if name := found[1].strip():
            begin, after = found.span()
            if begin > end and content[begin - 1] in _OPENING and content[after : after + 1] in _CLOSING:
                begin, after = begin - 1, after + 1
            yield content[end:begin], name
            end = after
    yield content[end:], ""


OtpKey = tuple[str, str, str, str]


class Website(Struct, frozen=True):
    """A website that an account registered."""

    sid: str
    token: str
    website: str

    __repr__ = _short_repr


class Otp(Record, kw_only=True, eq=False):
    """A code that was sent and can be verified."""

    msgid: str
    account: Account
    website: str
    phone: str
    code: str
    tries_left: int
    created: float

    @property
    def key(self) -> OtpKey:
        """What there is one active code for: a phone and a website of an account."""
        return otp_key(self.account, self.website, self.phone)


def otp_key(account: Account, website: str, phone: str) -> OtpKey:
    """Return the key under which a phone's code for an account's website is active."""
    return (account.sid, account.token, website, phone)


class RegisteredSender(Struct, frozen=True):
    """A K-premium sender that is registered."""

    digits: str
