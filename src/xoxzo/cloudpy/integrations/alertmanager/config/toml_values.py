"""Convert a TOML table to a struct; every error names the place in the file."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any, TypeGuard, TypeVar, get_args, get_origin

import msgspec
from msgspec.inspect import BoolType, IntType, LiteralType, StrType, StructType, UnionType

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import InvalidArgument

_DURATION = re.compile(r"(?:(?P<h>[0-9]{1,4})h)?(?:(?P<m>[0-9]{1,5})m)?(?:(?P<s>[0-9]{1,6})s)?")
_MAX_SECONDS = 7 * 86_400
# What msgspec says: the key that is wrong, if it is one, and the place of its table, or of the value.
_ERROR = re.compile(
    r"(?:Object (?P<problem>contains unknown|missing required) field `(?P<key>.*?)`|.*?)"
    r"(?: - at `\$(?P<place>(?:\.\w+|\[\d+\])*)`)?",
    re.DOTALL,
)
_RULES: dict[type, str] = {
    BoolType: N_("must be true or false"),
    StrType: N_("must be a text"),
    StructType: N_("must be a table"),
}
T = TypeVar("T")
V = TypeVar("V")


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table with known keys."""


class Named(dict[str, V]):
    """A table whose keys are names of the user's own; ``expand`` of their type may replace a short form of a value."""


class TextList(tuple[str, ...]):
    """TextList: a list of them, or a single one."""

    __slots__ = ()


class Credits(Decimal):
    """A number of credits."""


class Seconds(float):
    """A duration in seconds: a number, or a text such as ``90s``, ``5m`` or ``1h30m``; at most a week."""


def convert(value: object, kind: type[T]) -> T:
    """Convert a value of the file to a type; the ``field`` of an `InvalidArgument` is the path within the value."""
    try:
        return msgspec.convert(value, kind, dec_hook=_read)
    except msgspec.ValidationError as error:
        raise _explain(error, kind) from None


def _read(kind: Any, value: Any) -> Any:  # noqa: ANN401 - one of the types above, and any TOML value
    if get_origin(kind) is Named:
        return _read_named(get_args(kind)[0], value)
    if kind is TextList:
        found = [value] if isinstance(value, str) else value
        if isinstance(found, list) and all(isinstance(one, str) for one in found):
            return TextList(found)
        raise InvalidArgument("", "must be a text or a list of texts")
    if kind is Credits:
        if _is_number(value) and 0 <= value < math.inf:
            return Credits(str(value))
        raise InvalidArgument("", "must be a number of credits, 0 or more")
    if isinstance(value, str) and value and (read := _DURATION.fullmatch(value)):
        value = sum(int(read[unit] or 0) * size for unit, size in (("h", 3600), ("m", 60), ("s", 1)))
    if _is_number(value) and 0 <= value <= _MAX_SECONDS:
        return Seconds(value)
    raise InvalidArgument("", "must be seconds, or a time such as 90s, 5m or 1h30m")


def _read_named(kind: Any, value: object) -> Named[Any]:  # noqa: ANN401 - a type
    if not isinstance(value, dict):
        raise InvalidArgument("", "must be a table")
    found = Named[Any]()
    for name, one in value.items():
        try:
            found[name] = convert(kind.expand(one) if hasattr(kind, "expand") else one, kind)
        except InvalidArgument as error:
            raise InvalidArgument(_join(name or '""', error.field), error.template, error.fields) from None
    return found


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _explain(error: msgspec.ValidationError, kind: type) -> InvalidArgument:
    """Return our error for one of msgspec; our indexes count from 1."""
    found = _ERROR.fullmatch(str(error))
    problem, key, place = found.groups("") if found else ("", "", "")
    path = re.sub(r"\[(\d+)\]", lambda index: f"[{int(index[1]) + 1}]", place.removeprefix("."))
    if isinstance(cause := error.__cause__, InvalidArgument):
        return InvalidArgument(_join(path, cause.field), cause.template, cause.fields)
    info: Any = msgspec.inspect.type_info(kind)
    for name in re.findall(r"\w+", place) + [key] * (problem == "missing required"):
        info = info.item_type if name.isdigit() else {one.encode_name: one.type for one in info.fields}[name]
        info = info.types[0] if isinstance(info, UnionType) else info
    if problem == "contains unknown":
        # It may be misspelt.
        known = ", ".join(sorted(one.encode_name for one in info.fields))
        return InvalidArgument(_join(path, key or '""'), "is not known here; there are {known}", known=known)
    rule, fields = _rule(info)
    if problem and not fields:  # a rule with fields says what to give
        rule = N_("must be given")
    return InvalidArgument(_join(path, key), rule, fields)


def _rule(info: object) -> tuple[str, dict[str, Any]]:
    """Return the rule for a value of a type, with its fields."""
    if isinstance(info, IntType):
        return N_("must be a whole number from {least} to {most}"), {"least": info.ge, "most": info.le}
    if isinstance(info, LiteralType):
        return N_("must be one of {names}"), {"names": ", ".join(map(str, info.values))}
    return _RULES.get(type(info), N_("must be a list of tables")), {}


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name
