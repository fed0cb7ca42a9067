"""Check the arguments of a client and the environment, and make settings of them."""

from __future__ import annotations

import math
import os
import re
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import msgspec

from xoxzo.cloudpy.client.event_hooks import check_header, set_up_log
from xoxzo.cloudpy.client.settings import RateLimiter, Settings, SimulatorHost
from xoxzo.cloudpy.common import hosts, plain_text, version
from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.protocols import EventHook

_BEGINNING = re.compile(r"\+[1-9][0-9]{0,14}")

LIVE_URL = "https://api.xoxzo.com"
USER_AGENT = f"xoxzo-cloudpy/{version.__version__} Python/{sys.version_info[0]}.{sys.version_info[1]}"

_NO_CREDENTIALS = N_("""\
no credentials: pass sid= and auth_token=, or set XOXZO_API_SID and XOXZO_API_AUTH_TOKEN.
To try without an account, start `xoxzo simulator`, and set the three variables that it shows: XOXZO_API_HOST,
XOXZO_API_SID and XOXZO_API_AUTH_TOKEN.""")

Timeout = float | tuple[float, float]


def configure(
    *,
    sid: str | None,
    auth_token: str | None,
    base_url: str | None,
    rate: float | None,
    app_info: str | None,
    allowed_recipients: Iterable[str] | None = None,
    default_headers: Mapping[str, str] | None = None,
    **limits: Any,  # noqa: ANN401 - what `adjust` takes
) -> Settings:
    """Make settings from a client's arguments; what is ``None`` is looked for in the environment.

    Raises:
        ConfigurationError: no credentials, a bad base URL, header or ``XOXZO_LOG``, or a number that makes no sense.
    """
    set_up_log()
    sid = _credential("sid", sid, "XOXZO_API_SID")
    auth_token = _credential("auth_token", auth_token, "XOXZO_API_AUTH_TOKEN")
    if not sid or not auth_token:
        raise ConfigurationError(_NO_CREDENTIALS, code="no_credentials")
    base_url, simulator = _base_url(base_url or os.environ.get("XOXZO_API_HOST", "").strip() or LIVE_URL)
    if ":" in sid:
        raise ConfigurationError("sid must not contain a colon: HTTP's basic authentication would end it there")
    user_agent, more_headers = _user_agent(app_info), {} if default_headers is None else default_headers
    if not isinstance(more_headers, Mapping):
        raise ConfigurationError("default_headers must be a mapping of names to values")
    settings = Settings(
        base_url=base_url,
        simulator=simulator,
        headers=(
            ("authorization", basic(sid, auth_token)),
            ("accept", "application/json"),
            ("accept-encoding", "identity"),
            ("user-agent", user_agent),
            *(check_header(name, value) for name, value in more_headers.items()),
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
    on_event: EventHook | Sequence[EventHook] | None = None,
    may_write: Callable[[], bool] | None = None,
) -> Settings:
    """Return settings with other limits; ``None`` leaves one as it is. A wrong number raises ``ConfigurationError``."""
    changes: dict[str, Any] = {}
    if timeout is not None:
        connect, read = timeout if isinstance(timeout, tuple) and len(timeout) == 2 else (timeout, timeout)
        changes |= {"connect": _positive("timeout", connect), "read": _positive("timeout", read)}
    if deadline is not None:
        changes["deadline"] = _positive("deadline", deadline)
    if max_retries is not None:
        changes["max_retries"] = _integer("max_retries", max_retries, minimum=0)
    if on_event is not None:
        hooks = tuple(on_event) if isinstance(on_event, Iterable) and not callable(on_event) else (on_event,)
        if not all(map(callable, hooks)):
            raise ConfigurationError("on_event must be callable, or a list of what is")
        starting = [getattr(hook, "before_attempt", None) for hook in hooks]
        changes |= {"event_hooks": hooks, "start_hooks": tuple(hook for hook in starting if hook is not None)}
    if may_write is not None:
        changes["may_write"] = may_write
    return msgspec.structs.replace(settings, **changes)


def basic(sid: object, auth_token: object) -> str:
    """Return the value of the Authorization header (API section 1.1)."""
    # Joined, not formatted: a member of an Enum is formatted as its name.
    pair = ":".join(one if isinstance(one, str) else str(one) for one in (sid, auth_token))
    return "Basic " + b64encode(pair.encode()).decode("ascii")


def account_key(settings: Settings) -> str:
    """Return a hash of the API's address and the SID."""
    encoded = dict(settings.headers)["authorization"].partition(" ")[2]
    sid = b64decode(encoded).partition(b":")[0]
    return sha256(settings.base_url.encode() + b" " + sid).hexdigest()[:32]


def transport_options(*, max_connections: int, proxy: object, ssl_context: object, transport: object) -> dict[str, Any]:
    """Return the options of the client's own transport by name; raise ``ConfigurationError`` for a wrong one."""
    _integer("max_connections", max_connections, minimum=1)
    if proxy is not None:
        from xoxzo.cloudpy.transports.routes import parse_proxy  # only those who pass a proxy wait for it

        if not isinstance(proxy, str):
            raise ConfigurationError("proxy must be text, for instance http://proxy.example:3128")
        parse_proxy(proxy, "proxy=")
    if ssl_context is not None:
        import ssl  # it takes longer to load than the rest of a client

        if not isinstance(ssl_context, ssl.SSLContext):
            raise ConfigurationError("ssl_context must be an ssl.SSLContext")
    if transport is not None:
        if proxy is not None or ssl_context is not None:
            raise ConfigurationError("transport excludes proxy and ssl_context: set them on the transport itself")
        if not all(callable(getattr(transport, name, None)) for name in ("send", "close")):
            raise ConfigurationError("transport must have the methods send and close, as HttpTransport has")
    return {"max_connections": max_connections, "proxy": proxy, "ssl_context": ssl_context}


def _credential(name: str, given: object, variable: str) -> str:
    """Return the SID or the token: the one that was given, else the environment's without blanks around it.

    A secret that was read from a file often ends in a line break, which would be part of the password.
    """
    source, value = (name, plain_text.plain(given)) if given else (variable, os.environ.get(variable, "").strip())
    if not isinstance(value, str):
        raise ConfigurationError("{name} must be text", name=source)
    if not value.isprintable() or any(map(str.isspace, value)):
        raise ConfigurationError("{name} holds a blank, a line break or a control character", name=source)
    return value


def _base_url(url: object) -> tuple[str, SimulatorHost | None]:
    """Return the address without a final slash, and its host if only a simulator may respond there."""
    url = plain_text.plain(url)
    if not isinstance(url, str):
        raise ConfigurationError("base_url must be text, for instance https://api.xoxzo.com")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or port == 0 or parts.scheme not in {"http", "https"} or not url.isascii() or not url.isprintable():
        raise ConfigurationError("base_url must be https://host, as in https://api.xoxzo.com")
    if parts.username is not None or not {"?", "#", " "}.isdisjoint(url):
        raise ConfigurationError("base_url must be an address alone: no user name, no query, no fragment")
    is_remote = parts.scheme == "http" and not hosts.is_this_machine(host)
    if is_remote and not hosts.is_named_simulator(host):
        raise ConfigurationError(
            "base_url must be https://: http would expose the token, so it is only for this machine and for "
            "simulators on hosts in XOXZO_SIMULATOR_HOSTS"
        )
    return url.rstrip("/"), SimulatorHost(parts.netloc) if is_remote else None


def _beginnings(numbers: object) -> tuple[str, ...]:
    listed = numbers if isinstance(numbers, Iterable) and not isinstance(numbers, str) else ()
    found: tuple[Any, ...] = tuple(map(plain_text.plain, listed))
    # Nothing at all, or a blank among them, would be a mistake that opens or closes everything.
    if not found or not all(isinstance(number, str) and _BEGINNING.fullmatch(number) for number in found):
        raise ConfigurationError("allowed_recipients must be a list of numbers or their beginnings, each with its +")
    return found


def _positive(name: str, number: object) -> float:
    if not isinstance(number, int | float) or isinstance(number, bool) or not (number > 0 and math.isfinite(number)):
        raise ConfigurationError("{name} must be a number above 0", name=name)
    return float(number)


def _integer(name: str, number: object, *, minimum: int) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < minimum:
        raise ConfigurationError("{name} must be a whole number, {minimum} or more", name=name, minimum=minimum)
    return number


def _user_agent(app_info: object) -> str:
    if app_info is None:
        return USER_AGENT
    text = app_info if isinstance(app_info, str) else ""
    if not text or text != text.strip() or not text.isascii() or not text.isprintable():
        raise ConfigurationError("app_info must be printable ASCII, for instance shop/1.2")
    return f"{USER_AGENT} {app_info}"
