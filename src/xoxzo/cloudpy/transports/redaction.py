"""Redact an exchange before it is written to a file: its shape stays, numbers, texts and secrets are removed.

The rules list what may stay and remove everything else, so that an unknown field is removed, too.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from xoxzo.cloudpy.common.masking import mask_sentence
from xoxzo.cloudpy.protocols import Request

HIDDEN = "•••"
"""The placeholder for a removed value."""
HIDDEN_ID = "hidden-"
"""The beginning of an id that replaces one which may not be stored."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_STATUS = re.compile(
    "QUEUED|DELIVERING|DELIVERED|OK|FAIL|FAILED|ANSWERED|IN PROGRESS|NO ANSWER|APPROVED|PENDING"  # API 2.2, 3.1, 5.2
)
# Fields whose values may stay when they look as the API says: ids, stamps, statuses (API sections 1.8 and 2 to 9).
_ALLOWED = {
    **dict.fromkeys(("msgid", "callid", "conferenceid", "din_uid", "sin_uid", "id"), _ID),
    **dict.fromkeys(("sent_time", "start_time", "end_time", "accessed_on"), _STAMP),
    "status": _STATUS,
    "country": re.compile("[A-Z]{2}"),
    "country_code": re.compile(r"\d{1,3}"),
}
_AMOUNTS = {"cost", "credits", "duration", "id", "minute_cost", "monthly_cost", "parts"}
_GREATEST_AMOUNT = 10_000_000
# The server's sentences, on some of which a client acts (API section 1.5).
_SENTENCE = re.compile(
    r"This field is required\.?|Invalid sid/token|Invalid sent_date( format)?|Country not allowed|Message too long"
    r"|Not enough credits(, required: \d{1,4})?|website info with this website already exists\."
    r"|Website registered successfully\.|Request was throttled\. Expected available in \d{1,4} seconds?\."
)
_NAME = re.compile(r"[a-z][a-z_]{0,31}")
# Names of the API, which stay even if a message's text is one of them.
_PATH_SEGMENTS = frozenset({
    "sms", "messages", "templates", "sins", "voice", "simple", "playbacks", "calls", "conferences", "dins",
    "subscriptions", "otp", "register-website", "request", "verify", "utilities", "carrierlookup", "you", "credits",
})  # fmt: skip
_FIELDS = frozenset({
    "recipient", "sender", "message", "caller", "url", "tags", "participants", "participant", "link_tracking", "link",
    "shortlink", "accessed", "action", "din", "detail", "non_field_errors", "direction", "call_type", "name", "prefix",
    "carrier", *_ALLOWED, *_AMOUNTS,
})  # fmt: skip
_NUMBER = re.compile(r"\+?(\d[\s().\-‐-―]*){5,}")
_HEADERS = {
    # Only the registered kinds: any other text with a slash in it may be personal.
    "content-type": re.compile(r"(application|text|audio|image)/[a-z.+-]{1,40}(; ?charset=[A-Za-z0-9-]{1,20})?"),
    "retry-after": re.compile(r"\d{1,6}"),
}
# Shorter texts are not searched for in ids and paths: half of them contain any three letters by chance.
_SHORTEST_SECRET = 4


def path_segments(url: str) -> list[str]:
    """Return the decoded segments of a URL's path."""
    path = url.partition("?")[0].partition("://")[2].partition("/")[2]
    return ["", *map(unquote, path.split("/"))]


def is_number(text: str) -> bool:
    """Whether a text is nothing but a number of five digits and more, however it is written."""
    return _NUMBER.fullmatch(text) is not None


class Redaction:
    """Redacts one exchange of a recording.

    `aliases` are those of the recording so far: the same phone number becomes the same fictitious number everywhere in
    it. The real ones are held in memory only.
    """

    def __init__(self, request: Request, aliases: dict[str, str]) -> None:
        self._url = request.url
        self._aliases = aliases
        self._fields = _fields(request)
        values = {*_leaves(self._fields), *dict(parse_qsl(request.url.partition("?")[2])).values()}
        for name, value in request.headers:
            if name == "authorization":
                values.add(value)
                with suppress(ValueError):
                    values.update(b64decode(value.removeprefix("Basic ")).decode("utf-8", "replace").split(":", 1))
        self._secrets = {value for value in values if len(value) >= _SHORTEST_SECRET}

    def path(self) -> str:
        """Return the path of the request without its query."""
        return "/".join(map(self._segment, path_segments(self._url)))

    def request_fields(self) -> dict[str, str]:
        """Return the fields of the request's body: their names, and numbers replaced; nothing when it has no fields."""
        return {
            self._name(name): self._number(str(value)) if is_number(str(value)) else HIDDEN
            for name, value in self._fields.items()
        }

    def reply(self, body: bytes) -> str:
        """Return a reply's body: JSON with its shape and what may stay in it, or a placeholder for anything else."""
        if not body:
            return ""
        try:
            value = self._value("", msgspec.json.decode(body))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return HIDDEN
        return msgspec.json.encode(value).decode()

    @staticmethod
    def headers(headers: Mapping[str, str]) -> dict[str, str]:
        """Return the header fields of a reply that say how to read it or when to come back."""
        return {name: headers[name] for name, form in _HEADERS.items() if form.fullmatch(headers.get(name, ""))}

    def reason(self, sentence: str) -> str:
        """Return the sentence of a failure, masked."""
        return HIDDEN if self._leaks(sentence) else mask_sentence(sentence)

    def _segment(self, segment: str) -> str:
        if is_number(segment):
            return self._number(segment)
        if not segment or segment in _PATH_SEGMENTS:
            return segment
        return self._id(segment) if _ID.fullmatch(segment) else HIDDEN

    def _value(self, name: str, value: Any) -> Any:  # noqa: ANN401 - JSON is anything
        if isinstance(value, dict):
            return {self._name(key): self._value(key, inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._value(name, inner) for inner in value]
        if isinstance(value, str):
            return self._text(name, value)
        if value is None or isinstance(value, bool):
            return value
        return value if name in _AMOUNTS and abs(value) < _GREATEST_AMOUNT else 0

    def _text(self, name: str, text: str) -> str:
        allowed = _ALLOWED.get(name)
        if is_number(text):
            return self._number(text)
        if allowed is not None and allowed.fullmatch(text):
            return self._id(text) if allowed is _ID else text
        return text if not text or _SENTENCE.fullmatch(text) else HIDDEN

    def _number(self, number: str) -> str:
        digits = "".join(re.findall(r"\d", number))
        # 080-0… is not in use.
        alias = self._aliases.setdefault(digits, f"8180{len(self._aliases):08}")
        return f"+{alias}" if number.startswith("+") else alias

    def _id(self, text: str) -> str:
        if self._leaks(text) or re.search(r"\d{9,}", text):
            return self._aliases.setdefault(text, f"{HIDDEN_ID}{len(self._aliases)}")
        return text

    def _name(self, text: str) -> str:
        return text if text in _FIELDS or (_NAME.fullmatch(text) and not self._leaks(text)) else HIDDEN

    def _leaks(self, text: str) -> bool:
        return any(secret in text for secret in self._secrets)


def _fields(request: Request) -> dict[str, Any]:
    kind = dict(request.headers).get("content-type", "")
    body = request.body.decode("utf-8", "replace")
    if kind.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(body, keep_blank_values=True))
    decoded: Any = body
    if kind.startswith("application/json"):
        with suppress(msgspec.MsgspecError):
            decoded = msgspec.json.decode(body)
    if isinstance(decoded, dict):
        return decoded
    return {HIDDEN: decoded} if body else {}


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)
    else:
        yield str(value)
