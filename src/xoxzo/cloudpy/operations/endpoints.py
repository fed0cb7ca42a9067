"""The endpoints of Xoxzo's API as data: one row for each, and the only list of them.

Nothing in the package imports this module. The page of all endpoints (``scripts/endpoints.py``), the tests of both
clients and of the command line, the fault matrix and the check of the simulator's OpenAPI document derive from it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from xoxzo.cloudpy.operations.operation import Effect

if TYPE_CHECKING:
    from collections.abc import Mapping

RECIPIENT = "+818011112222"
OTHER_RECIPIENT = "+818055556666"
CALLER = "818033334444"
CODE = "48q913"
MESSAGE = f"Your code is {CODE}"
REFERENCE = "order-7"


class ClientCall(msgspec.Struct, frozen=True):
    """A method of ``Client`` and ``AsyncClient`` that requests an endpoint."""

    name: str
    """The resource and its method, for instance ``sms.send``."""
    arguments: Mapping[str, object]
    """Keyword arguments of an example."""


class Command(msgspec.Struct, frozen=True):
    """A command of the command line that requests an endpoint."""

    name: str
    """The command without ``xoxzo``, for instance ``sms send``."""
    arguments: tuple[str, ...]
    """The arguments and options of an example."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint of the API."""

    section: str
    """Its section in the API document."""
    method: str
    """The HTTP method."""
    path: str
    """The path; an id in it stands in braces, and is the first argument of each call and command."""
    effect: Effect
    """What carrying a request out twice would do."""
    calls: tuple[ClientCall, ...]
    """The client methods that request it."""
    commands: tuple[Command, ...]
    """The commands that request it."""
    classic: tuple[str, ...] = ()
    """The methods of ``XoxzoClient`` that request it."""
    reply: bytes | None
    """The body of a success, as short as the client accepts it, one record in an array; ``None`` when it ignores the
    body."""
    is_listing: bool = False
    """Whether the reply is an array that is read as it arrives."""

    @property
    def name(self) -> str:
        """The method and the path, for instance ``GET /sms/messages/{msgid}/``."""
        return f"{self.method} {self.path}"

    def path_of(self, example: ClientCall | Command) -> str:
        """Return the path that an example requests, with its id filled in."""
        arguments = example.arguments.values() if isinstance(example, ClientCall) else example.arguments
        first = next(iter(arguments), "")
        return re.sub(r"\{\w+\}", str(first), self.path)


def _request(section: str, method: str, path: str, effect: Effect) -> dict[str, Any]:
    return {"section": section, "method": method, "path": path, "effect": effect}


def _call(name: str, /, **arguments: object) -> ClientCall:
    return ClientCall(name, arguments)


def _command(name: str, *arguments: str) -> Command:
    return Command(name, arguments)


def _numbers(section: str, path: str, kind: str, *, classic_plain: bool = False) -> tuple[Endpoint, ...]:
    """Return the five endpoints that dial-in numbers and SMS-in numbers have alike (API sections 4 and 6)."""
    resource, uid = f"{kind}s", {f"{kind}_uid": "JPafr34rafic76tf"}
    listed = msgspec.json.encode([uid])
    subscriptions = f"{path}subscriptions/"
    subscription = f"{subscriptions}{{{kind}_uid}}/"
    action_url = "https://a.example/action"
    return (
        Endpoint(
            **_request(f"{section}.1", "GET", path, Effect.READ),
            calls=(_call(f"{resource}.search", country="JP"),),
            commands=(_command(f"{kind} search"),),
            classic=(f"get_{kind}_list",),
            reply=listed,
            is_listing=True,
        ),
        Endpoint(
            **_request(f"{section}.2", "POST", subscriptions, Effect.CREATE),
            calls=(_call(f"{resource}.subscribe", **uid),),
            commands=(_command(f"{kind} subscribe", *uid.values()),),
            classic=(f"subscribe_{kind}",),
            reply=None,
        ),
        Endpoint(
            **_request(f"{section}.3", "GET", subscriptions, Effect.READ),
            calls=(_call(f"{resource}.list"),),
            commands=(_command(f"{kind} list"),),
            classic=(*(("get_subscription_list",) if classic_plain else ()), f"get_subscription_list_{kind}"),
            reply=listed,
            is_listing=True,
        ),
        Endpoint(
            **_request(f"{section}.4", "POST", subscription, Effect.IDEMPOTENT),
            calls=(_call(f"{resource}.set_action_url", **uid, action_url=action_url),),
            commands=(_command(f"{kind} action", *uid.values(), action_url),),
            classic=(*(("set_action_url",) if classic_plain else ()), f"set_action_url_{kind}"),
            reply=None,
        ),
        Endpoint(
            **_request(f"{section}.5", "DELETE", subscription, Effect.IDEMPOTENT),
            calls=(_call(f"{resource}.unsubscribe", **uid),),
            commands=(_command(f"{kind} release", *uid.values()),),
            classic=(f"unsubscribe_{kind}",),
            reply=None,
        ),
    )


_SENDER = ("--sender", "Shop")
_CALLER = ("--caller", CALLER)
_WEBSITE = "https://a.example"
_RECORDING_URL = "http://a.example/hello.mp3"

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        **_request("2.1", "POST", "/sms/messages/", Effect.CREATE),
        calls=(_call("sms.send", recipient=RECIPIENT, sender="Shop", message=MESSAGE, reference=REFERENCE),),
        commands=(_command("sms send", RECIPIENT, MESSAGE, *_SENDER),),
        classic=("send_sms",),
        reply=b'[{"msgid": "m1"}]',
    ),
    Endpoint(
        **_request("2.2", "GET", "/sms/messages/{msgid}/", Effect.READ),
        calls=(_call("sms.get", msgid="m1"), _call("sms.wait", msgid="m1")),
        commands=(_command("sms get", "m1"), _command("sms wait", "m1")),
        classic=("get_sms_delivery_status",),
        reply=b'{"msgid": "m1", "status": "DELIVERED"}',
    ),
    Endpoint(
        **_request("2.3", "GET", "/sms/messages/", Effect.READ),
        calls=(_call("sms.list"), _call("sms.find", reference=REFERENCE)),
        commands=(_command("sms list"), _command("sms find", REFERENCE)),
        classic=("get_sent_sms_list",),
        reply=b'[{"msgid": "m1"}]',
        is_listing=True,
    ),
    Endpoint(
        **_request("3.1", "GET", "/sms/templates/", Effect.READ),
        calls=(_call("templates.list"),),
        commands=(_command("template list"),),
        reply=b'[{"id": 7}]',
        is_listing=True,
    ),
    Endpoint(
        **_request("3.2", "POST", "/sms/templates/", Effect.CREATE),
        calls=(_call("templates.create", name="Welcome", content=MESSAGE),),
        commands=(_command("template create", "Welcome", MESSAGE),),
        reply=b'{"id": 7}',
    ),
    Endpoint(
        **_request("3.3", "GET", "/sms/templates/{template_id}/", Effect.READ),
        calls=(
            _call("templates.get", template_id=7),
            _call("templates.render", template=7, variables={"text": MESSAGE}),
        ),
        commands=(_command("template show", "7"), _command("template render", "7", "--var", "text=Hi")),
        reply=b'{"id": 7, "status": "APPROVED", "approved_content": "{text}"}',
    ),
    Endpoint(
        **_request("3.4", "PATCH", "/sms/templates/{template_id}/", Effect.IDEMPOTENT),
        calls=(_call("templates.update", template_id=7, content=MESSAGE),),
        commands=(_command("template update", "7", "--name", "Other"),),
        reply=b'{"id": 7}',
    ),
    Endpoint(
        **_request("3.5", "DELETE", "/sms/templates/{template_id}/", Effect.IDEMPOTENT),
        calls=(_call("templates.delete", template_id=7),),
        commands=(_command("template delete", "7"),),
        reply=None,
    ),
    Endpoint(
        **_request("3.6", "POST", "/sms/templates/{template_id}/messages/", Effect.CREATE),
        calls=(
            _call(
                "templates.send",
                template=7,
                recipient=RECIPIENT,
                sender="Shop",
                variables={"text": MESSAGE},
                reference=REFERENCE,
            ),
        ),
        commands=(_command("template send", "7", RECIPIENT, "--var", "text=Hi", *_SENDER),),
        reply=b'[{"msgid": "m1"}]',
    ),
    *_numbers("4", "/sms/sins/", "sin"),
    Endpoint(
        **_request("5.1", "POST", "/voice/simple/playbacks/", Effect.CREATE),
        calls=(
            _call("calls.play", caller=CALLER, recipient=RECIPIENT, recording_url=_RECORDING_URL),
            _call("calls.say", caller=CALLER, recipient=RECIPIENT, tts_message=MESSAGE, tts_lang="ja"),
        ),
        commands=(
            _command("call play", RECIPIENT, "--url", _RECORDING_URL, *_CALLER),
            _command("call say", RECIPIENT, MESSAGE, *_CALLER),
        ),
        classic=("call_simple_playback", "call_tts_playback"),
        reply=b'[{"callid": "c1"}]',
    ),
    Endpoint(
        **_request("5.2", "GET", "/voice/calls/{callid}/", Effect.READ),
        calls=(_call("calls.get", callid="c1"), _call("calls.wait", callid="c1")),
        commands=(_command("call get", "c1"), _command("call wait", "c1")),
        classic=("get_simple_playback_status",),
        reply=b'{"callid": "c1", "status": "ANSWERED"}',
    ),
    Endpoint(
        **_request("5.3", "POST", "/voice/simple/conferences/", Effect.CREATE),
        calls=(_call("conferences.create", caller=CALLER, participants=[RECIPIENT, OTHER_RECIPIENT]),),
        commands=(_command("conference create", RECIPIENT, OTHER_RECIPIENT, *_CALLER),),
        reply=b'[{"conferenceid": "f1"}]',
    ),
    Endpoint(
        **_request("5.4", "GET", "/voice/simple/conferences/{conferenceid}/", Effect.READ),
        calls=(_call("conferences.get", conferenceid="f1"),),
        commands=(_command("conference get", "f1"),),
        reply=b'{"conferenceid": "f1"}',
    ),
    *_numbers("6", "/voice/dins/", "din", classic_plain=True),
    Endpoint(
        **_request("7.1", "POST", "/otp/register-website/", Effect.CREATE),
        calls=(_call("otp.register_website", website=_WEBSITE),),
        commands=(_command("otp register", _WEBSITE),),
        reply=b"{}",
    ),
    Endpoint(
        **_request("7.2", "POST", "/otp/request/", Effect.CREATE),
        calls=(_call("otp.request", website=_WEBSITE, phone_number=RECIPIENT),),
        commands=(_command("otp request", _WEBSITE, RECIPIENT),),
        reply=b'{"msgid": "m1"}',
    ),
    Endpoint(
        **_request("7.3", "POST", "/otp/verify/", Effect.CREATE),
        calls=(_call("otp.verify", website=_WEBSITE, phone_number=RECIPIENT, code=CODE),),
        commands=(_command("otp verify", _WEBSITE, RECIPIENT, CODE),),
        reply=b"{}",
    ),
    Endpoint(
        **_request("8.1", "POST", "/utilities/carrierlookup/", Effect.CREATE),
        calls=(_call("lookup.carrier", recipient=RECIPIENT),),
        commands=(_command("lookup", RECIPIENT),),
        reply=b'{"carrier": ""}',
    ),
    Endpoint(
        **_request("9.1", "GET", "/you/credits/", Effect.READ),
        calls=(_call("account.credits"),),
        commands=(_command("credits"),),
        reply=b'{"credits": 1000.0}',
    ),
)
"""In the order of the API document."""

COMPOSED_CALLS = frozenset({"sms.send_many", "sms.settle"})
"""Client methods that make calls of the table and raise, or collect, what those do."""
