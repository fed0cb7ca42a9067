"""Which path is answered by what (API sections 2, 4, 5, 6, 9)."""

from dataclasses import dataclass
from urllib.parse import unquote

from . import account, sms, voice
from .exchange import Handler, Methods
from .lines import Lines

_ID = None
"""Stands for an id in a path."""

_ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Route:
    """A path with the methods that it answers."""

    methods: Methods
    allow: bytes
    """The Allow header (API section 15.67)."""


def _route(**methods: Handler) -> Route:
    known = {name.upper(): handler for name, handler in methods.items()}
    names = [name for name in _ORDER if name in known]
    names += ["HEAD", "OPTIONS"] if "GET" in known else ["OPTIONS"]
    return Route(known, ", ".join(names).encode())


class Routes:
    """The table of paths.

    Args:
        legacy_sin: Whether the retired SIN paths are there (API section 15.38).
    """

    def __init__(self, *, legacy_sin: bool) -> None:
        self._table: dict[tuple[str | None, ...], Route] = {
            ("sms", "messages"): _route(get=sms.list_sent, post=sms.send),
            ("sms", "messages", _ID): _route(get=sms.get),
            ("voice", "simple", "playbacks"): _route(post=voice.place),
            ("voice", "calls", _ID): _route(get=voice.get),
            ("you", "credits"): _route(get=account.get_credits),
        }
        self._add_lines("voice", "dins", Lines("din"))
        if legacy_sin:
            self._add_lines("sms", "sins", Lines("sin"))

    def _add_lines(self, first: str, second: str, lines: Lines) -> None:
        root = (first, second)
        self._table[root] = _route(get=lines.search)
        self._table[*root, "subscriptions"] = _route(get=lines.subscribed, post=lines.subscribe)
        self._table[*root, "subscriptions", _ID] = _route(post=lines.set_action, delete=lines.release)

    def find(self, path: bytes) -> tuple[Route, str, bool] | None:
        """Find the route of a path as it is on the wire.

        Returns:
            The route, the id in the path (or an empty text) and whether the path ends in its slash; ``None`` when
            there is no such path.
        """
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
        route = self._table.get((*segments[:-1], _ID))
        return None if route is None else (route, segments[-1], slashed)
