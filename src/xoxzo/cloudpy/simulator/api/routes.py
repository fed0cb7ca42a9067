"""Which path is answered by what (API sections 2 to 9)."""

from __future__ import annotations

from functools import cached_property
from urllib.parse import unquote

from msgspec import Struct

from xoxzo.cloudpy.simulator.api.handlers import account, calls, sms
from xoxzo.cloudpy.simulator.api.http import Methods

_ID = "{id}"
_ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Route(Struct, frozen=True, dict=True):
    """A path with the methods that it answers."""

    path: str
    """The path, an id in it as ``{id}``."""
    methods: Methods

    @cached_property
    def allow(self) -> bytes:
        """The Allow header (API section 15.67)."""
        names = [name for name in _ORDER if name in self.methods]
        return ", ".join([*names, *(["HEAD", "OPTIONS"] if "GET" in names else ["OPTIONS"])]).encode()


class Routes:
    """The table of paths, with the retired ones if `legacy_sin` or `legacy_paths` (API sections 15.38 and 15.45)."""

    def __init__(self, *, legacy_sin: bool, legacy_paths: bool) -> None:
        table: dict[str, Methods] = {
            "/sms/messages/": {"GET": sms.list_sent, "POST": sms.send},
            "/sms/messages/{id}/": {"GET": sms.get},
            "/sms/templates/": {"GET": sms.list_templates, "POST": sms.create_template},
            "/sms/templates/{id}/": {
                "GET": sms.get_template,
                "DELETE": sms.delete_template,
                **dict.fromkeys(("POST", "PUT", "PATCH"), sms.update_template),
            },
            "/sms/templates/{id}/messages/": {"POST": sms.send_template},
            "/voice/simple/playbacks/": {"POST": calls.place},
            "/voice/simple/conferences/": {"POST": calls.place_conference},
            "/voice/simple/conferences/{id}/": {"GET": calls.get_conference},
            "/voice/calls/{id}/": {"GET": calls.get},
            "/otp/register-website/": {"POST": account.register_website},
            "/otp/request/": {"POST": account.request_otp},
            "/otp/verify/": {"POST": account.verify_otp},
            "/utilities/carrierlookup/": {"POST": account.look_up},
            "/you/credits/": {"GET": account.get_credits},
            **_of_numbers("/voice/dins/", account.NumberHandlers("din")),
        }
        if legacy_sin:
            table |= _of_numbers("/sms/sins/", account.NumberHandlers("sin"))
        if legacy_paths:
            table["/voice/simple/playback/"] = {"POST": calls.place}
            table["/voice/simple/playback/{id}/"] = table["/calls/{id}/"] = {"GET": calls.get}
        self.routes = [Route(path, methods) for path, methods in table.items()]
        self._by_segments = {tuple(route.path[1:-1].split("/")): route for route in self.routes}
        # Paths without an id, as they are nearly always written.
        self.without_id = {route.path.encode(): route for route in self.routes if _ID not in route.path}

    def endpoints(self) -> list[str]:
        """Return every method with its path, such as ``POST /sms/messages/``."""
        return [f"{method} {route.path}" for route in self.routes for method in route.methods]

    def find(self, path: bytes) -> tuple[Route, str, bool] | None:
        """Return a path's route, the id in it or "", and whether it ends in a slash; ``None`` for an unknown path."""
        # Split before unquoting: an id with an encoded slash must not reach another path.
        first, *pieces = path.split(b"/")
        segments = [unquote(piece.decode("latin-1"), errors="replace") for piece in pieces]
        slashed = bool(segments) and not segments[-1]
        if slashed:
            segments.pop()
        if first or not segments or not segments[-1]:
            return None
        if route := self._by_segments.get(tuple(segments)):
            return route, "", slashed
        for at in (len(segments) - 1, len(segments) - 2):  # an id stands last, or before one more word
            route = self._by_segments.get((*segments[:at], _ID, *segments[at + 1 :])) if at >= 0 else None
            if route and segments[at]:
                return route, segments[at], slashed
        return None


def _of_numbers(root: str, numbers: account.NumberHandlers) -> dict[str, Methods]:
    return {
        root: {"GET": numbers.search},
        f"{root}subscriptions/": {"GET": numbers.subscribed, "POST": numbers.subscribe},
        f"{root}subscriptions/{_ID}/": {"POST": numbers.set_action, "DELETE": numbers.release},
    }
