"""From what a client is given, or finds in the environment, to checked settings."""

from __future__ import annotations

import math
import os
import re
import sys
from base64 import b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from xoxzo.cloudpy import __version__
from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.flow import RateLimiter, Settings
from xoxzo.cloudpy.hosts import is_this_machine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xoxzo.cloudpy.protocols import EventHook

_BEGINNING = re.compile(r"\+[1-9][0-9]{0,14}")

LIVE_URL = "https://api.xoxzo.com"
USER_AGENT = f"xoxzo-cloudpy/{__version__} Python/{sys.version_info[0]}.{sys.version_info[1]}"

_NO_CREDENTIALS = """\
no credentials: pass sid= and auth_token=, or set XOXZO_API_SID and XOXZO_API_AUTH_TOKEN.
To try without an account, start `xoxzo simulator` and set XOXZO_API_HOST to the address that it prints; it takes any
SID and token."""

Timeout = float | tuple[float, float]


def configure(
    *,
    sid: str | None,
    auth_token: str | None,
    base_url: str | None,
    rate: float | None,
    app_info: str | None,
    allowed_recipients: Iterable[str] | None = None,
    **limits: Any,  # noqa: ANN401 - what `adjust` takes
) -> Settings:
    """Make settings from a client's arguments; what is ``None`` is looked for in the environment.

    Raises:
        ConfigurationError: no credentials, a bad base URL or a number that makes no sense.
    """
    sid = sid or os.environ.get("XOXZO_API_SID")
    auth_token = auth_token or os.environ.get("XOXZO_API_AUTH_TOKEN")
    if not sid or not auth_token:
        raise ConfigurationError(_NO_CREDENTIALS)
    settings = Settings(
        base_url=_base_url(base_url or os.environ.get("XOXZO_API_HOST") or LIVE_URL),
        headers=(
            ("authorization", _authorization(sid, auth_token)),
            ("accept", "application/json"),
            ("user-agent", _user_agent(app_info)),
        ),
        rate_limiter=None if rate is None else RateLimiter(_positive("rate", rate)),
        allowed_recipients=None if allowed_recipients is None else _beginnings(allowed_recipients),
    )
    return adjust(settings, **limits)


def adjust(
    settings: Settings,
    *,
    timeout: Timeout | None = None,
    deadline: float | None = None,
    max_retries: int | None = None,
    on_event: EventHook | None = None,
) -> Settings:
    """Return settings with other limits; ``None`` leaves one as it is.

    Raises:
        ConfigurationError: a number makes no sense.
    """
    changes: dict[str, Any] = {}
    if timeout is not None:
        connect, read = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        changes |= {"connect": _positive("timeout", connect), "read": _positive("timeout", read)}
    if deadline is not None:
        changes["deadline"] = _positive("deadline", deadline)
    if max_retries is not None:
        if max_retries < 0:
            raise ConfigurationError("max_retries must be 0 or more")
        changes["max_retries"] = max_retries
    if on_event is not None:
        changes["on_event"] = on_event
    return msgspec.structs.replace(settings, **changes)


def basic(sid: str, auth_token: str) -> str:
    """Return the value of the Authorization header (API section 1.1)."""
    return "Basic " + b64encode(f"{sid}:{auth_token}".encode()).decode("ascii")


def connections(number: int) -> int:
    """Check ``max_connections``; raise ``ConfigurationError``."""
    if number < 1:
        raise ConfigurationError("max_connections must be 1 or more")
    return number


def _authorization(sid: str, auth_token: str) -> str:
    if ":" in sid:
        raise ConfigurationError("sid must not hold a colon: it ends there on the wire")
    try:
        return basic(sid, auth_token)
    except UnicodeEncodeError:
        raise ConfigurationError("sid and auth_token must be text that can be encoded") from None


def _base_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or port == 0 or parts.scheme not in {"http", "https"} or not url.isascii() or not url.isprintable():
        raise ConfigurationError("base_url must be https://host, as in https://api.xoxzo.com")
    if parts.username is not None or not {"?", "#", " "}.isdisjoint(url):
        raise ConfigurationError("base_url must be an address alone: no user name, no query, no fragment")
    if parts.scheme == "http" and not is_this_machine(host):
        raise ConfigurationError(
            "base_url must be https://: http shows the token to everybody on the way, so it is for this machine only"
        )
    return url.rstrip("/")


def _beginnings(numbers: Iterable[str]) -> tuple[str, ...]:
    found = () if isinstance(numbers, str) else tuple(numbers)
    # Nothing at all, or a blank among them, would be a mistake that opens or closes everything.
    if not found or not all(_BEGINNING.fullmatch(number) for number in found):
        raise ConfigurationError("allowed_recipients must be a list of numbers or their beginnings, each with its +")
    return found


def _positive(name: str, number: object) -> float:
    if not isinstance(number, int | float) or not (number > 0 and math.isfinite(number)):
        raise ConfigurationError(f"{name} must be a number above 0")
    return float(number)


def _user_agent(app_info: str | None) -> str:
    if app_info is None:
        return USER_AGENT
    if not app_info or app_info != app_info.strip() or not app_info.isascii() or not app_info.isprintable():
        raise ConfigurationError("app_info must be printable ASCII, for instance shop/1.2")
    return f"{USER_AGENT} {app_info}"
