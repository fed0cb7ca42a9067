"""Provide ``XoxzoClient`` and ``XoxzoResponse`` as published with xoxzo.cloudpy 0.5 (API section 12).

Programs written for 0.5 run unchanged. This client validates nothing and retries nothing: the caller gets what the
server answers. New programs should use :class:`xoxzo.cloudpy.Client`.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

from xoxzo.cloudpy.client._sync.driver import exchange
from xoxzo.cloudpy.client.configuration import LIVE_URL, USER_AGENT, basic
from xoxzo.cloudpy.client.flow import MAX_RECORD_BYTES, Send
from xoxzo.cloudpy.client.requests_mocks import find_requests_mock
from xoxzo.cloudpy.client.transport_holder import TransportHolder
from xoxzo.cloudpy.common.hosts import is_this_machine
from xoxzo.cloudpy.common.plain_text import plain
from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.operations.bodies import FORM
from xoxzo.cloudpy.operations.streaming import decoded
from xoxzo.cloudpy.protocols import Progress, Request, Response, TimeBudget, TransportFailure

if TYPE_CHECKING:
    from xoxzo.cloudpy.transports.threads import HttpTransport

_NEW: Any = object()

_CONNECT_TIMEOUT_SECONDS, _READ_TIMEOUT_SECONDS = 5.0, 30.0
_DEADLINE_SECONDS, _LIST_DEADLINE_SECONDS = 60.0, 600.0
_MAX_REDIRECTS = 30
# Where requests looked for authorities before the operating system's.
_CA_BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_HOST_VARIABLE = "XOXZO_API_HOST"

# What a URL may contain besides letters and digits. Everything else is percent-encoded, as requests did.
_SAFE_IN_URL = "!#$%&'()*+,/:;=?@[]~"


class XoxzoResponse:
    """The result of every method of :class:`XoxzoClient` (API section 12.2).

    Args:
        message: a record, or the server's error messages; ``None`` for an empty body.
        messages: a list of records.
        errors: ``None`` for a success, else the HTTP status, or 499 if no response came or it could not be read.
    """

    def __init__(self, message: Any = _NEW, messages: Any = _NEW, errors: int | None = None) -> None:  # noqa: ANN401
        self.message = {} if message is _NEW else message
        self.messages = [] if messages is _NEW else messages
        self.errors = errors


class _EndpointUrl:
    """The URL of an endpoint: what was set on the instance, or else the path at the client's host.

    A client made before a test has set ``XOXZO_API_HOST`` must follow it, too, so the host is looked up at each use.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def __get__(self, client: XoxzoClient | None, owner: type[XoxzoClient]) -> str:
        host = None if client is None else client._api_host  # noqa: SLF001 - a part of that class
        if host is None:
            host = os.environ.get(_HOST_VARIABLE) or LIVE_URL
        return host.rstrip("/") + self._path


class XoxzoClient:
    """The client as published with 0.5.

    The URLs of the endpoints are attributes that may be set: ``xoxzo_api_sms_url``,
    ``xoxzo_api_call_url``, ``xoxzo_api_voice_simple_url``, ``xoxzo_api_dins_url`` and ``xoxzo_api_sins_url``.

    Args:
        sid: the API SID (API section 1.1).
        auth_token: the token of this SID.
        api_host: where the API is; ``None`` for the environment's ``XOXZO_API_HOST``, or else
            ``https://api.xoxzo.com``. Any ``http://`` host is taken, as published: it shows the token to the network.

    Raises:
        ConfigurationError: by every method, where a test has replaced ``requests``: this client does not use it, so the
            request would really be sent.
    """

    REQUESTS_EXCEPITON = 499
    """The value of ``errors`` if no response came. The published name is misspelt and stays so."""

    sid: str
    auth_token: str
    _api_host: str | None = None
    _holder: TransportHolder[HttpTransport] | None = None

    xoxzo_api_sms_url = _EndpointUrl("/sms/messages/")
    xoxzo_api_call_url = _EndpointUrl("/voice/calls/")
    xoxzo_api_voice_simple_url = _EndpointUrl("/voice/simple/playbacks/")
    xoxzo_api_dins_url = _EndpointUrl("/voice/dins/")
    xoxzo_api_sins_url = _EndpointUrl("/sms/sins/")

    def __init__(self, sid: str, auth_token: str, api_host: str | None = None) -> None:
        self.sid = sid
        self.auth_token = auth_token
        self._api_host = api_host

    def __getstate__(self) -> dict[str, Any]:
        # The published client could be copied and pickled; connections cannot.
        return {name: value for name, value in self.__dict__.items() if name != "_holder"}

    def send_sms(
        self,
        message: str,
        recipient: str,
        sender: str,
        callbackurl: str | None = None,
        **kwargs: Any,  # noqa: ANN401 - whatever the endpoint takes
    ) -> XoxzoResponse:
        """Send one SMS (API section 2.1).

        Args:
            message: the text.
            recipient: the number in E.164.
            sender: at most 10 letters and digits, or at most 15 digits.
            callbackurl: the URL that Xoxzo calls when the status of the message is final.
            **kwargs: further parameters of the endpoint, for instance ``tags="a,b"``.

        Returns:
            ``messages[0]["msgid"]``, or ``errors``.
        """
        fields = {"message": message, "recipient": recipient, "sender": sender, "callbackurl": callbackurl, **kwargs}
        return self._post(self.xoxzo_api_sms_url, fields)

    def get_sms_delivery_status(self, msgid: str) -> XoxzoResponse:
        """Get the record of an SMS as ``message`` (API section 2.2)."""
        return self._get(f"{self.xoxzo_api_sms_url}{_segment(msgid)}/")

    def get_sent_sms_list(self, sent_date: str | None = None) -> XoxzoResponse:
        """List the sent messages as ``messages`` (API section 2.3).

        Args:
            sent_date: an operator and a day, for instance ``">=2026-01-31"`` or ``"=2026-01-31"``.
        """
        condition = "" if sent_date is None else f"?sent_date{sent_date}"
        return self._get(self.xoxzo_api_sms_url + condition, is_list=True)

    def call_simple_playback(
        self, caller: str, recipient: str, recording_url: str, callbackurl: str | None = None
    ) -> XoxzoResponse:
        """Call a phone and play an mp3 file (API section 5.1).

        Args:
            caller: the number to show.
            recipient: the number to call, in E.164.
            recording_url: a public mp3, ``http://`` only.
            callbackurl: the URL that Xoxzo calls when the call has ended.

        Returns:
            ``messages[0]["callid"]``, or ``errors``.
        """
        fields = {"caller": caller, "recipient": recipient, "recording_url": recording_url, "callbackurl": callbackurl}
        return self._post(self.xoxzo_api_voice_simple_url, fields)

    def call_tts_playback(
        self, caller: str, recipient: str, tts_message: str, tts_lang: str, callbackurl: str | None = None
    ) -> XoxzoResponse:
        """Call a phone and speak a text (API section 5.1).

        Args:
            caller: the number to show.
            recipient: the number to call, in E.164.
            tts_message: the text.
            tts_lang: its language, ``ja`` or ``en``.
            callbackurl: the URL that Xoxzo calls when the call has ended.

        Returns:
            ``messages[0]["callid"]``, or ``errors``.
        """
        speech = {"tts_message": tts_message, "tts_lang": tts_lang}
        fields = {"caller": caller, "recipient": recipient, **speech, "callbackurl": callbackurl}
        return self._post(self.xoxzo_api_voice_simple_url, fields)

    def get_simple_playback_status(self, callid: str) -> XoxzoResponse:
        """Get the record of a call as ``message`` (API section 5.2)."""
        return self._get(f"{self.xoxzo_api_call_url}{_segment(callid)}/")

    def get_din_list(self, search_string: str | None = None) -> XoxzoResponse:
        """List the available dial-in numbers (API section 6.1); ``search_string`` as in ``"country=JP"``."""
        return self._search(self.xoxzo_api_dins_url, search_string)

    def subscribe_din(self, din_uid: str | None = None) -> XoxzoResponse:
        """Subscribe a dial-in number; the first month is charged at once (API section 6.2)."""
        return self._post(f"{self.xoxzo_api_dins_url}subscriptions/", {"din_uid": din_uid})

    def unsubscribe_din(self, din_uid: str) -> XoxzoResponse:
        """Release a dial-in number (API section 6.5)."""
        return self._request("DELETE", _subscription(self.xoxzo_api_dins_url, din_uid))

    def get_subscription_list(self) -> XoxzoResponse:
        """List the subscribed dial-in numbers (API section 6.3)."""
        return self._get(f"{self.xoxzo_api_dins_url}subscriptions/", is_list=True)

    def get_subscription_list_din(self) -> XoxzoResponse:
        """Call :meth:`get_subscription_list`."""
        return self.get_subscription_list()

    def set_action_url(self, din_uid: str, action_url: str) -> XoxzoResponse:
        """Set the URL that Xoxzo asks what to do with an incoming call (API section 6.4)."""
        return self._post(_subscription(self.xoxzo_api_dins_url, din_uid), {"action_url": action_url})

    def set_action_url_din(self, din_uid: str, action_url: str) -> XoxzoResponse:
        """Call :meth:`set_action_url`."""
        return self.set_action_url(din_uid, action_url)

    def get_sin_list(self, search_string: str | None = None) -> XoxzoResponse:
        """List the available numbers for incoming SMS (API section 4; the service ended in 2024)."""
        return self._search(self.xoxzo_api_sins_url, search_string)

    def subscribe_sin(self, sin_uid: str | None = None) -> XoxzoResponse:
        """Subscribe a number for incoming SMS (API section 4)."""
        return self._post(f"{self.xoxzo_api_sins_url}subscriptions/", {"sin_uid": sin_uid})

    def unsubscribe_sin(self, sin_uid: str) -> XoxzoResponse:
        """Release a number for incoming SMS (API section 4)."""
        return self._request("DELETE", _subscription(self.xoxzo_api_sins_url, sin_uid))

    def get_subscription_list_sin(self) -> XoxzoResponse:
        """List the subscribed numbers for incoming SMS (API section 4)."""
        return self._get(f"{self.xoxzo_api_sins_url}subscriptions/", is_list=True)

    def set_action_url_sin(self, sin_uid: str, action_url: str) -> XoxzoResponse:
        """Set the URL that an incoming SMS is posted to (API section 4)."""
        return self._post(_subscription(self.xoxzo_api_sins_url, sin_uid), {"action_url": action_url})

    def _search(self, url: str, search_string: str | None) -> XoxzoResponse:
        return self._get(url if search_string is None else f"{url}?{search_string}", is_list=True)

    def _get(self, url: str, *, is_list: bool = False) -> XoxzoResponse:
        return self._request("GET", url, is_list=is_list)

    def _post(self, url: str, fields: Mapping[str, Any]) -> XoxzoResponse:
        return self._request("POST", url, _form(fields))

    def _request(self, method: str, url: str, body: bytes = b"", *, is_list: bool = False) -> XoxzoResponse:
        _refuse_mocked_requests(url)
        headers = {
            "authorization": basic(self.sid, self.auth_token),
            "accept": "*/*",
            "accept-encoding": "identity",
            "user-agent": USER_AGENT,
        }
        if method == "POST":
            headers["content-type"] = FORM
        request = Request(method, quote(url, safe=_SAFE_IN_URL), tuple(headers.items()), body)
        deadline = _LIST_DEADLINE_SECONDS if is_list else _DEADLINE_SECONDS
        budget = TimeBudget(_CONNECT_TIMEOUT_SECONDS, _READ_TIMEOUT_SECONDS, time.monotonic() + deadline)
        try:
            return _response(self._follow(request, budget, None if is_list else MAX_RECORD_BYTES))
        except (TransportFailure, ConfigurationError) as failure:
            return XoxzoResponse(errors=self.REQUESTS_EXCEPITON, message={"http_error": str(failure)})

    def _follow(self, request: Request, budget: TimeBudget, limit: int | None) -> Response:
        if self._holder is None:
            # The published client had no close(), so there is no warning.
            self._holder = TransportHolder(_make_transport, discard=lambda transport: transport.close())
        transport = self._holder.transport or self._holder.open()
        for _ in range(_MAX_REDIRECTS):
            received = decoded(exchange(transport, Send(request, budget, Progress(), streamed=False), limit), limit)
            if received.cut is not None:
                raise received.cut
            if received.too_long:
                raise TransportFailure("the answer is too long for one record")
            target = received.headers.get("location")
            if received.status not in _REDIRECTS or target is None:
                return received
            request = _redirected(request, received.status, target)
        raise TransportFailure(f"more than {_MAX_REDIRECTS} redirects")


def _make_transport() -> HttpTransport:
    from xoxzo.cloudpy.transports.threads import HttpTransport

    trusted = None
    if any(map(os.environ.get, _CA_BUNDLE_VARIABLES)):
        from xoxzo.cloudpy.transports.tls import default_context

        trusted = default_context(_CA_BUNDLE_VARIABLES)
    # Published clients had no limit: each thread made a connection of its own.
    return HttpTransport(max_connections=None, ssl_context=trusted)


def _refuse_mocked_requests(url: str) -> None:
    """Raise ``ConfigurationError`` where test code has replaced ``requests``, which no longer keeps us from sending."""
    library = find_requests_mock()
    if library is None:
        return
    # A test may replace requests for other services and have a simulator for this one, which the environment names.
    simulator = os.environ.get(_HOST_VARIABLE, "").rstrip("/")
    with suppress(ValueError):
        if simulator and url.startswith(f"{simulator}/") and is_this_machine(urlsplit(simulator).hostname or ""):
            return
    raise ConfigurationError(
        "nothing was sent: this test replaces requests ({library}), but XoxzoClient no longer uses requests and would "
        "really send; use the pytest fixture xoxzo_simulator_server instead",
        code="requests_mocked",
        library=library,
    )


def _form(fields: Mapping[str, Any]) -> bytes:
    """Encode fields as requests did: ``None`` is left out, a list repeats its field, anything else is ``str()``.

    Lazy translations, which have a length as a list has, are texts; and of a phone number `plain` makes E.164.
    """
    pairs = [(name, plain(value)) for name, value in fields.items() if value is not None]
    return urlencode(pairs, doseq=True).encode("ascii")


def _segment(identifier: str) -> str:
    encoded = quote(identifier, safe="")
    # Servers and proxies decode once before they look for slashes, "." and "..", so these are encoded twice.
    if not identifier.strip("."):
        return encoded.replace(".", "%252E")
    return encoded.replace("%2F", "%252F").replace("%5C", "%255C")


def _subscription(url: str, uid: str) -> str:
    return f"{url}subscriptions/{_segment(uid)}/"


_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def _redirected(request: Request, status: int, target: str) -> Request:
    """Return the request that follows a redirect, by the rules of requests and browsers (RFC 9110, section 15.4)."""
    url = quote(urljoin(request.url, target), safe=_SAFE_IN_URL)
    headers = dict(request.headers)
    if urlsplit(url)[:2] != urlsplit(request.url)[:2]:
        # The token must not go to another host.
        headers.pop("authorization", None)
    method, body = request.method, request.body
    if status == 303 or (status in {301, 302} and method == "POST"):
        method, body = "GET", b""
        headers.pop("content-type", None)
    return Request(method, url, tuple(headers.items()), body)


def _response(received: Response) -> XoxzoResponse:
    value = None
    try:
        value = json.loads(received.body)
    except (ValueError, RecursionError):
        if received.status in {200, 201} and received.body.strip():
            # As published this was an empty success, which hid that the outcome is unknown.
            reason = f"status {received.status}, but the body is not JSON: the request may have been carried out"
            return XoxzoResponse(errors=XoxzoClient.REQUESTS_EXCEPITON, message={"http_error": reason})
    if received.status not in {200, 201}:
        return XoxzoResponse(errors=received.status, message=value)
    return XoxzoResponse(messages=value) if isinstance(value, list) else XoxzoResponse(message=value)
