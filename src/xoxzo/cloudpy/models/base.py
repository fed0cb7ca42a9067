"""The base of all records, with a ``repr`` that may be logged, and of enums that accept unknown values."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Self, cast

import msgspec

from xoxzo.cloudpy.common.masking import mask_digits

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

_NUMBER_FIELDS = frozenset({"recipient", "caller", "sender", "participant", "din", "sin"})
# Texts to people, and sentences that may contain a code: a ``repr`` leaves them out.
_HIDDEN_FIELDS = frozenset(
    {"raw", "text", "link", "shortlink", "approved_content", "pending_content", "api_usage_example", "message"}
)


def _masked(field: str, value: object) -> object:
    return mask_digits(value) if field in _NUMBER_FIELDS and isinstance(value, str) else value


class OpenEnum(enum.StrEnum):
    """An enum that keeps an unknown value as text, so that a new status never breaks a running program."""

    @classmethod
    def _missing_(cls, value: object) -> OpenEnum | None:
        if not isinstance(value, str):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_ = value
        unknown._value_ = value
        return unknown

    # The hash of the text that it equals, whatever the member is called.
    __hash__ = str.__hash__

    @property
    def is_known(self) -> bool:
        """Whether the API document names this value."""
        return self._value_ in type(self)._value2member_map_


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """The base of all records: frozen, hashable, and made of types that msgspec, pydantic and FastAPI can use."""

    raw: dict[str, Any] = msgspec.field(default_factory=dict)
    """The server's record as it came."""

    def __hash__(self) -> int:
        # Equal records have equal fields, so a hash may leave out what has none.
        return hash((type(self), *(getattr(self, name) for name in self.__struct_fields__ if name != "raw")))

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain values that JSON can encode, ``raw`` included.

        ``Decimal`` becomes text, so that no digit is lost; a time becomes ISO 8601 text in UTC, an enum its value, a
        tuple a list, and a record in a record a dict. ``msgspec.convert(record.to_dict(), type(record))`` makes an
        equal record again. Numbers and texts are in it unmasked.
        """
        return cast("dict[str, Any]", msgspec.json.decode(msgspec.json.encode(self)))

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> CoreSchema:
        # Called by pydantic alone, so also by FastAPI: a record may be a field of its models and what an endpoint
        # returns.
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            cls._validated, serialization=core_schema.plain_serializer_function_ser_schema(cls.to_dict)
        )

    @classmethod
    def _validated(cls, value: object) -> Self:
        if isinstance(value, cls):
            return value
        try:
            return msgspec.convert(value, cls)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from None

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: object, _handler: object) -> dict[str, Any]:
        (schema,), components = msgspec.json.schema_components([cls])
        return cast("dict[str, Any]", _inlined(schema, components))

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [
            (name, _masked(name, getattr(self, name))) for name in self.__struct_fields__ if name not in _HIDDEN_FIELDS
        ]

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({fields})"


def _inlined(schema: Any, components: dict[str, Any]) -> Any:  # noqa: ANN401 - any part of a JSON schema
    """Return a JSON schema that needs no other one: each reference is replaced by what it names."""
    if isinstance(schema, list):
        return [_inlined(part, components) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(components[schema["$ref"].rpartition("/")[2]], components)
    changed = dict(schema)
    if "enum" in changed:
        # Our enums are open: the server may send a value that is not known yet.
        changed |= {"type": "string", "examples": changed.pop("enum")}
    if "description" in changed:
        changed["description"] = changed["description"].partition("\n")[0]
    return {name: _inlined(part, components) for name, part in changed.items()}
