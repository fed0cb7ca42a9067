"""Which path is answered by what (API sections 2 to 9)."""

from __future__ import annotations

from urllib.parse import unquote

from msgspec import Struct
from msgspec.structs import replace

from xoxzo.cloudpy.simulator.api.handlers import account, calls, sms
from xoxzo.cloudpy.simulator.api.handlers.subscribed_numbers import NumberHandlers
from xoxzo.cloudpy.simulator.api.http import Handler, Methods

_ID = None
"""Stands for an id in a path."""

_ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Route(Struct, frozen=True):
    """A path with the methods that it answers."""

    methods: Methods
    allow: bytes
    """The Allow header (API section 15.67)."""
    path: str = ""
    """The path, an id in it as ``{id}``."""

    def is_listing(self, method: str) -> bool:
        """Say whether a method of this path asks for the sent list, which is throttled more than the rest."""
        return method in {"GET", "HEAD"} and self.methods.get("GET") is sms.list_sent


def _route(**methods: Handler) -> Route:
    known = {name.upper(): handler for name, handler in methods.items()}
    names = [name for name in _ORDER if name in known]
    names += ["HEAD", "OPTIONS"] if "GET" in known else ["OPTIONS"]
    return Route(known, ", ".join(names).encode())


class Routes:
    """The table of paths, with the retired ones if `legacy_sin` or `legacy_paths` (API sections 15.38 and 15.45)."""

    def __init__(self, *, legacy_sin: bool, legacy_paths: bool) -> None:
        self._table: dict[tuple[str | None, ...], Route] = {
            ("sms", "messages"): _route(get=sms.list_sent, post=sms.send),
            ("sms", "messages", _ID): _route(get=sms.get),
            ("sms", "templates"): _route(get=sms.list_templates, post=sms.create_template),
            ("sms", "templates", _ID): _route(
                get=sms.get_template,
                post=sms.update_template,
                put=sms.update_template,
                patch=sms.update_template,
                delete=sms.delete_template,
            ),
            ("sms", "templates", _ID, "messages"): _route(post=sms.send_template),
            ("voice", "simple", "playbacks"): _route(post=calls.place),
            ("voice", "simple", "conferences"): _route(post=calls.place_conference),
            ("voice", "simple", "conferences", _ID): _route(get=calls.get_conference),
            ("voice", "calls", _ID): _route(get=calls.get),
            ("otp", "register-website"): _route(post=account.register_website),
            ("otp", "request"): _route(post=account.request_otp),
            ("otp", "verify"): _route(post=account.verify_otp),
            ("utilities", "carrierlookup"): _route(post=account.look_up),
            ("you", "credits"): _route(get=account.get_credits),
        }
        self._add_lines("voice", "dins", NumberHandlers("din"))
        if legacy_sin:
            self._add_lines("sms", "sins", NumberHandlers("sin"))
        if legacy_paths:
            self._table["voice", "simple", "playback"] = _route(post=calls.place)
            self._table["voice", "simple", "playback", _ID] = self._table["calls", _ID] = _route(get=calls.get)
        for pieces, route in self._table.items():
            path = "/".join(("", *(piece or "{id}" for piece in pieces), ""))
            self._table[pieces] = replace(route, path=path)
        # Paths without an id, as they are nearly always written.
        self.without_id = {
            "/".join(("", *map(str, pieces), "")).encode(): route
            for pieces, route in self._table.items()
            if _ID not in pieces
        }

    def _add_lines(self, first: str, second: str, lines: NumberHandlers) -> None:
        root = (first, second)
        self._table[root] = _route(get=lines.search)
        self._table[*root, "subscriptions"] = _route(get=lines.subscribed, post=lines.subscribe)
        self._table[*root, "subscriptions", _ID] = _route(post=lines.set_action, delete=lines.release)

    def endpoints(self) -> list[str]:
        """Return every method with its path, such as ``POST /sms/messages/``."""
        return [f"{method} {route.path}" for route in self._table.values() for method in route.methods]

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
        if route := self._table.get(tuple(segments)):
            return route, "", slashed
        for at in (len(segments) - 1, len(segments) - 2):  # an id stands last, or before one more word
            route = self._table.get((*segments[:at], _ID, *segments[at + 1 :])) if at >= 0 else None
            if route and segments[at]:
                return route, segments[at], slashed
        return None
