"""Check arguments before a request is made. Each error names the field and the rule."""

from __future__ import annotations

import os
import re
import unicodedata
import warnings
from collections.abc import Container, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from urllib.parse import quote, urlsplit

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.common.plain_text import plain
from xoxzo.cloudpy.errors import ConfigurationError, InvalidArgument, UnverifiedValueWarning
from xoxzo.cloudpy.phone import e164
from xoxzo.cloudpy.protocols import CallbackUrls
from xoxzo.cloudpy.text import measure

MIN_SECRET_BYTES = 16
_SENDER_RULE = N_("must be at most 10 ASCII letters and digits, or at most 15 digits")
_SENDER = re.compile(r"[A-Za-z0-9]{1,10}|\+?[0-9]{1,15}")
_LANGUAGE = re.compile(r"[a-z]{2}"), N_("must be two small letters: ja or en")
_FORMATS = {
    "jp_kp_sender": (re.compile(r"[0-9]{1,15}"), N_("must be the registered sender: 1 to 15 digits")),
    "tts_lang": _LANGUAGE,
    "lang": _LANGUAGE,
    "country": (re.compile(r"[A-Z]{2}"), N_("must be two capital letters, for instance JP")),
    "prefix": (re.compile(r"[0-9]{1,15}"), N_("must be digits: country code and prefix, for instance 8150")),
}
# Printable ASCII without outer blanks. A + belongs to digits alone.
_UNVERIFIED_SENDER = re.compile(r"(?! )[ -*,-~]{1,10}(?<! )")
_RECORDING = re.compile(r"http://[A-Za-z0-9._:/-]+")
# A tutorial of Xoxzo allows these as well (API section 16).
_UNVERIFIED_RECORDING = re.compile(r"http://[A-Za-z0-9._:/$*'()!?-]+")
_SCHEMELESS = re.compile(r"[\w-]+(\.[\w-]+)+(?:[:/]|$)")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]|\s")
# Dashes, blanks, line breaks, invisible characters; the minus sign, and what a Japanese keyboard has for a hyphen.
_LEFT_OUT_OF_CODES = frozenset({"Pd", "Zs", "Zl", "Zp", "Cc", "Cf"})
_LIKE_HYPHENS = frozenset("\u2212\u30fc")
RECIPIENT_FIELDS = ("recipient", "phone_number", "participants")
"""The parameters by which Xoxzo's endpoints name whom they reach (API section 14.10)."""

_AUTO_REFERENCE = re.compile(r"auto-([0-9]{8})-[0-9a-f]{20}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def text(field: str, value: object) -> str:
    """Take text that can be encoded and is not blank; return what `plain` knows, such as lazy text, as plain text."""
    if type(value) is not str:
        value = plain(value)
        if not isinstance(value, str):
            raise InvalidArgument(field, "must be text, not {type}", type=type(value).__name__)
    if not value.strip():
        raise InvalidArgument(field, "must not be empty or blank")
    if "\0" in value:
        raise InvalidArgument(
            field, "must not contain a NUL character, which the API refuses and databases cannot store"
        )
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise InvalidArgument(field, "has half a character (a lone surrogate), which cannot be encoded") from None
    return value


def matching(field: str, value: object, pattern: re.Pattern[str], rule: str) -> str:
    """Take text that a pattern matches in full."""
    value = text(field, value)
    if not pattern.fullmatch(value):
        raise InvalidArgument(field, rule)
    return value


def formatted(field: str, value: object) -> str:
    """Take a registered sender, a language (ISO 639-1) or a country (ISO 3166-1), or a prefix (API 2.1, 5.1, 6.1)."""
    return matching(field, value, *_FORMATS[field])


def code(value: object) -> str:
    """Take a one-time code as people type it, without blanks and hyphens, its digits as ASCII.

    A phone's keyboard may write digits in full width, and people copy the blanks and hyphens that a message shows.
    A code that is sent so is wrong and uses up one of a few attempts (API sections 7.3 and 15.55).
    """
    typed = unicodedata.normalize("NFKC", text("code", value))
    cleaned = "".join(
        str(unicodedata.decimal(character)) if character.isdecimal() else character
        for character in typed
        if unicodedata.category(character) not in _LEFT_OUT_OF_CODES and character not in _LIKE_HYPHENS
    )
    return text("code", cleaned)


def recipient(value: object, field: str = "recipient") -> str:
    """Take a number in E.164 (API section 1.8)."""
    if type(value) is not str or not e164.is_recipient(value):
        value = text(field, value)
        if reason := e164.recipient_error(value):
            raise InvalidArgument(field, reason)
    return value


def caller(value: object) -> str:
    """Take the number to show, with or without + (API section 5.1)."""
    value = text("caller", value)
    if reason := e164.caller_error(value):
        raise InvalidArgument("caller", reason)
    return value


def _warn(field: str, template: str, **fields: object) -> None:
    # From this line alone: Python's filters then show each value once, wherever it is sent.
    warnings.warn(UnverifiedValueWarning(field, template, **fields), stacklevel=2)


def sender(value: object) -> str:
    """Take a sender: at most 10 letters and digits, or at most 15 digits (API section 2.1).

    Programs send hyphens and blanks, too, and nothing says whether Xoxzo takes those: a warning says so (section 16).
    """
    # What is not text cannot be hashed for the cache.
    checked, verified = _sender(value if type(value) is str else text("sender", value))
    if not verified:
        template = N_("{value!r} is not letters and digits alone; whether Xoxzo takes such a sender is not known")
        _warn("sender", template, value=checked)
    return checked


# All messages of a campaign have the same sender.
@lru_cache(maxsize=16)
def _sender(value: str) -> tuple[str, bool]:
    value = text("sender", value)
    if not _SENDER.fullmatch(value) and _UNVERIFIED_SENDER.fullmatch(value):
        return value, False
    return matching("sender", value, _SENDER, _SENDER_RULE), True


def message(value: object, *, measured: bool) -> str:
    """Take an SMS text; refuse one over 660 units where its final length is known (API section 2.4)."""
    # What is not text cannot be hashed for the cache.
    return _message(value if type(value) is str else text("message", value), measured)


# All messages of a campaign often have the same text.
@lru_cache(maxsize=4)
def _message(value: str, measured: bool) -> str:
    value = text("message", value)
    length = measure(value)
    if measured and length.parts is None:
        raise InvalidArgument(
            "message", "has {units} characters; at most {limit} can be sent", units=length.units, limit=length.limit
        )
    return value


def tags(values: Sequence[str], reference: str | None) -> str | None:
    """Join tags by commas, a checked reference last, as the API wants them (API section 2.1); ``None`` without any."""
    if isinstance(plain(values), str):
        raise InvalidArgument("tags", "must be a list of tags, not one text")
    every = [_tag("tags", value) for value in values]
    if reference is not None:
        every.append(reference)
    return ",".join(every) or None


def _tag(field: str, value: object) -> str:
    value = text(field, value)
    if "," in value:
        raise InvalidArgument(field, "must not contain a comma: the API separates tags by commas")
    if value != value.strip():
        raise InvalidArgument(field, "must not begin or end with a blank: the API trims it away")
    return value


def reference(value: object) -> str:
    """Take a reference to look up: what could be sent as a tag."""
    return _tag("reference", value)


def optional_reference(value: object | None) -> str | None:
    """Take the reference of a send: a key, ``None``, or ``"auto"``, for which a unique one is made."""
    if value is None:
        return None
    if value == "auto":
        # The day makes the sent list that has to be searched for it short.
        return f"auto-{datetime.now(UTC):%Y%m%d}-{os.urandom(10).hex()}"
    return reference(value)


def day_of_reference(value: str) -> str | None:
    """Return the day before a reference was made by ``"auto"``; ``None`` for another reference."""
    found = _AUTO_REFERENCE.fullmatch(value)
    # This machine's clock and the server's may differ.
    return f"{date.fromisoformat(found[1]) - timedelta(days=1)}" if found else None


def extra_parameters(values: object, known: Container[str]) -> dict[str, str | None]:
    """Take parameters that this library does not know; refuse those that it checks under a name of their own.

    Those that hold recipients are refused for every endpoint.
    """
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise InvalidArgument("extra", "must be a mapping of names to texts")
    checked: dict[str, str | None] = {}
    for key, value in values.items():
        name = text("extra", key)
        if name in known or name in RECIPIENT_FIELDS:
            raise InvalidArgument("extra", "must not contain {name}: it is a known parameter", name=name)
        checked[name] = text("extra", value)
    return checked


def signing_keys(secret: str | bytes | Sequence[str | bytes]) -> list[bytes]:
    """Return the secrets that sign URLs, newest first; raise ``ConfigurationError`` for none or a short one."""
    secrets = [secret] if isinstance(secret, str | bytes) else secret
    keys = [one.encode() if isinstance(one, str) else bytes(one) for one in secrets]
    if not keys:
        raise ConfigurationError("callbacks need a secret: a random text of at least 16 characters")
    if any(len(key) < MIN_SECRET_BYTES for key in keys):
        raise ConfigurationError(
            "a secret of callbacks must have at least {min_secret_bytes} characters", min_secret_bytes=MIN_SECRET_BYTES
        )
    return keys


def url(field: str, value: object) -> str:
    """Take an absolute http or https URL."""
    value = text(field, value)
    try:
        parts = urlsplit(value)
        fits = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits or _UNPRINTABLE.search(value):
        raise InvalidArgument(field, "must be an absolute http:// or https:// URL without blanks")
    return value


def url_before_token(name: str, value: object) -> str:
    """Take the URL that tokens follow in their path, without a query; return it without a slash at its end."""
    try:
        address = url(name, value)
    except InvalidArgument as error:
        raise ConfigurationError(str(error)) from None
    if "?" in address or "#" in address:
        raise ConfigurationError("{name}: must have no query and no fragment: the token stands in the path", name=name)
    return address.rstrip("/")


def flag(field: str, value: object) -> str | None:
    """Take a switch and return it as the API wants it: ``true``, or nothing (API section 1.3).

    Any text would count as true, ``"false"`` too, and some switches cost money.
    """
    if not isinstance(value, bool):
        raise InvalidArgument(field, "must be True or False, not {type}", type=type(value).__name__)
    return "true" if value else None


def callback_url(
    field: str, given: object | None, callbacks: CallbackUrls | None, purpose: str, reference: str | None
) -> str | None:
    """Take the address to call back: the one that was given, or one made for the reference; ``None`` without either."""
    if callbacks is None:
        if field == "lt_callback_url" and isinstance(given, str) and _SCHEMELESS.match(given):
            # A tutorial of Xoxzo has example.com/callback/ (API section 16); what else is wrong is refused.
            url(field, f"http://{given}")
            _warn(field, N_("has neither http:// nor https://; whether Xoxzo calls such an address is not known"))
            return given
        return None if given is None else url(field, given)
    if given is not None:
        raise InvalidArgument("callbacks", "excludes {other}: it makes the address itself", other=field)
    if reference is None:
        raise InvalidArgument("reference", "is required with callbacks: the address that they make is bound to it")
    return url("callbacks", callbacks.url(purpose, reference))


def recording_url(value: object) -> str:
    """Take the address of an mp3: http only, few characters allowed (API section 5.1), some warned of (section 16)."""
    value = url("recording_url", value)
    if _UNVERIFIED_RECORDING.fullmatch(value) and not _RECORDING.fullmatch(value):
        odd = " ".join(sorted(set(value) & set("$*'()!?")))
        _warn("recording_url", N_("has {odd}; whether Xoxzo takes such an address is not known"), odd=odd)
        return value
    rule = N_("must be http:// (https is not supported) with ASCII letters, digits, _ / - . and : only")
    return matching("recording_url", value, _RECORDING, rule)


def day(field: str, value: object) -> str:
    """Take a day as ``date`` or ``YYYY-MM-DD``; the API compares days in UTC (API sections 2.3 and 15.20)."""
    if isinstance(value, datetime):
        raise InvalidArgument(field, "must be a date: the API compares whole days in UTC")
    if isinstance(value, date):
        return value.isoformat()
    value = matching(field, value, _DAY, N_("must be a date or text as YYYY-MM-DD"))
    try:
        date.fromisoformat(value)
    except ValueError:
        raise InvalidArgument(field, "must be a day that exists") from None
    return value


def positive_integer(field: str, value: object) -> int:
    """Take the number of a template: whole and above 0 (API section 3.1)."""
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise InvalidArgument(field, "must be a whole number above 0")
    return value


def seconds(field: str, value: object) -> float:
    """Take a number of seconds, 0 or more."""
    # Not a number is not above 0 either.
    if not isinstance(value, int | float) or isinstance(value, bool) or not value >= 0:
        raise InvalidArgument(field, "must be a number of seconds, 0 or more")
    return float(value)


def path_id(field: str, value: object) -> str:
    """Take an id and encode it as one path segment, so that no id can reach another endpoint."""
    value = text(field, value)
    if not value.strip(".") or not {"/", "\\"}.isdisjoint(value):
        # Encoded they would be one segment, but servers and proxies decode them before they look.
        raise InvalidArgument(field, "must not contain a slash or consist of dots: servers read them as another path")
    return quote(value, safe="")
