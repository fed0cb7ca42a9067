"""What all replies share: the server's record, a ``repr`` that may be logged, enums that stay open."""

from __future__ import annotations

import enum
from typing import Any

import msgspec

from xoxzo.cloudpy.masking import mask_digits

_NUMBERS = frozenset({"recipient", "caller", "sender", "participant", "din", "sin"})
# What was written to a person, or about a code, is shown to nobody who does not ask for it by name.
_CONTENT = frozenset(
    {"raw", "text", "link", "shortlink", "approved_content", "pending_content", "api_usage_example", "message"}
)


def _shown(field: str, value: object) -> object:
    return mask_digits(value) if field in _NUMBERS and isinstance(value, str) else value


class OpenEnum(enum.StrEnum):
    """An enum that keeps a value it does not know as text: a new status must never break a running program."""

    @classmethod
    def _missing_(cls, value: object) -> OpenEnum | None:
        if not isinstance(value, str):
            return None
        stranger = str.__new__(cls, value)
        stranger._name_ = value
        stranger._value_ = value
        return stranger

    # The same as the text that it equals, whatever the member is called.
    __hash__ = str.__hash__

    @property
    def is_known(self) -> bool:
        """Whether this is one of the values that the API document names."""
        return self._value_ in type(self)._value2member_map_


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """What all replies share.

    Attributes:
        raw: the server's record as it came.
    """

    raw: dict[str, Any] = msgspec.field(default_factory=dict)

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(name, _shown(name, getattr(self, name))) for name in self.__struct_fields__ if name not in _CONTENT]

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({fields})"
