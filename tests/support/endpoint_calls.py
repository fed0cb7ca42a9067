"""The example calls of the table of endpoints, made with a client, or turned into their operations."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn

from xoxzo.cloudpy import Client
from xoxzo.cloudpy.operations.endpoints import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from xoxzo.cloudpy.operations.endpoints import Endpoint, Example
    from xoxzo.cloudpy.operations.operation import Operation

CALLS: dict[str, tuple[Endpoint, Example]] = {
    call.name: (endpoint, call) for endpoint in ENDPOINTS for call in endpoint.calls
}
"""Each client method of the table with its endpoint and its example."""

RECIPIENT, OTHER_RECIPIENT = CALLS["conferences.create"][1].arguments["participants"]
MESSAGE = CALLS["sms.send"][1].arguments["message"]
CODE = CALLS["otp.verify"][1].arguments["code"]


def make(call: Example) -> Callable[[Any], Any]:
    """Return a function that makes a call with the client that it is given, and returns what the method returns."""
    return lambda client: attrgetter(call.name)(client)(**call.arguments)


class _Collected(Exception):
    """Holds the operation that a driver was given."""


class _CollectingDriver:
    """Raises each operation that it is given, and carries none out."""

    clock = staticmethod(lambda: 0.0)

    def call(self, operation: Operation[Any]) -> NoReturn:
        raise _Collected(operation)

    stream = call


def operation_of(call: Example) -> Operation[Any]:
    """Return the operation that a client method carries out, with the arguments of its example."""
    client = Client.__new__(Client)
    client._use(_CollectingDriver())
    try:
        make(call)(client)
    except _Collected as collected:
        return collected.args[0]
    raise AssertionError(f"client.{call.name} carries out no operation")
