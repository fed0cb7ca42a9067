"""How the simulator's events are written: a line for people, or a JSON object for programs."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from xoxzo.cloudpy.simulator.engine.context import Event as Event  # noqa: PLC0414 - others get it here
from xoxzo.cloudpy.simulator.engine.rules import format_time, mask

# What could lead a terminal astray, and line ends: a log line stays a line.
_CONTROLS = (*range(32), *range(127, 160), 0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
_UNPRINTABLE = {code: f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" for code in _CONTROLS}

# A tenth of the time of `json`, which delays every event while somebody follows; a `Reason` is sent as its text.
_encode = msgspec.json.Encoder(enc_hook=str.__str__, decimal_format="number").encode


def event_line(event: Event, show_content: bool) -> str:
    """Return an event as a line: time of day (UTC), what, whom it concerns, facts, and a short id."""
    numbers = [f"{name} {number or 'withheld'}" for name, number in _numbers(event, show=show_content).items()]
    facts = [_fact(name, value) for name, value in _facts(event, show=show_content).items()]
    words = [format_time(event.at)[11:], f"{event.name:<8}", *facts, *numbers]
    if show_content and event.content is not None:
        words.append(json.dumps(event.content, ensure_ascii=False))
    if event.name != "refused":
        words.append(f"[{event.ident[:8]}]")
    else:
        words.insert(2, event.ident)
    return escaped("  ".join(words))


def event_json(event: Event, show_content: bool) -> str:
    """Return an event as a JSON object in one line."""
    written: dict[str, Any] = {"event": event.name, "at": format_time(event.at), "id": event.ident}
    written |= _facts(event, show=show_content) | _numbers(event, show=show_content)
    if show_content and event.content is not None:
        written["text"] = event.content
    try:
        line = _encode(written).decode()
    except UnicodeEncodeError:  # half a surrogate pair in a text
        return json.dumps(written)
    return line if line.isprintable() else json.dumps(written)


def escaped(text: str) -> str:
    """Return a text in which control characters, and those that turn the direction of a line, are shown by number."""
    return text if text.isprintable() else text.translate(_UNPRINTABLE)


def _fact(name: str, value: object) -> str:
    if name in {"status", "step", "what", "outcome"}:
        return str(value)
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return f"{name} {value}"


def _facts(event: Event, *, show: bool) -> dict[str, Any]:
    known = {name: value for name, value in event.facts.items() if value is not None and value != []}
    # The number of a transfer is masked; an action URL may carry numbers and secrets in its query.
    if not show and "number" in known:
        known["number"] = mask(str(known["number"]))
    if not show and "url" in known:
        known["url"] = str(known["url"]).partition("?")[0]
    return known


def _numbers(event: Event, *, show: bool) -> dict[str, str]:
    return {name: number if show or not number else mask(number) for name, number in event.numbers.items()}
