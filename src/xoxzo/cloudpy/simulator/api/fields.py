"""Fields of a request body, read one by one; what is wrong with them is told all at once (API section 1.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.simulator.api.http import HttpError
from xoxzo.cloudpy.simulator.engine.rules.urls import is_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

REQUIRED = "This field is required."
BLANK = "This field may not be blank."
NULL = "This field may not be null."


class Fields:
    """The fields of one request.

    Each reading method returns a value that can be used even when the field is wrong (an empty text), and notes the
    error; `check` then refuses the request with all of them.

    Args:
        values: What the body held.
    """

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values
        self.errors: dict[str, list[str]] = {}

    def error(self, name: str, reason: str) -> None:
        """Note an error; the first of a field counts."""
        self.errors.setdefault(name, [reason])

    def check(self) -> None:
        """Go on only when nothing is wrong.

        Raises:
            Refused: 400 with the errors by field.
        """
        if self.errors:
            raise HttpError(400, self.errors)

    def has(self, name: str) -> bool:
        """Say whether a field is there."""
        return name in self._values

    def required(self, name: str, accept: Callable[[str], bool] | None = None, reason: str = "") -> str:
        """Read a text that must be there and not be blank; `accept` decides whether it is right, else `reason`."""
        if name not in self._values:
            self.error(name, REQUIRED)
            return ""
        text = self.text(name)
        if name in self.errors:
            return ""
        if not text.strip():
            self.error(name, BLANK)
        elif accept is not None and not accept(text):
            self.error(name, reason)
        return text

    def url(self, name: str) -> str | None:
        """Read an address that may be absent."""
        return self.required(name, is_url, "Enter a valid URL.") if name in self._values else None

    def flag(self, name: str) -> bool:
        """Read a switch: `true` in any case, or JSON true; anything else is off (API section 15.29)."""
        value = self._values.get(name)
        return value is True or (isinstance(value, str) and value.lower() == "true")

    def tags(self) -> tuple[str, ...]:
        """Read the comma-separated tags; blanks around them and empty ones are dropped (API section 15.30)."""
        text = self.text("tags") if "tags" in self._values else ""
        return tuple(tag.strip() for tag in text.split(",") if tag.strip())

    def raw(self, name: str) -> object:
        """Read a value of any kind that must be there; ``None`` when it is not."""
        if name not in self._values:
            self.error(name, REQUIRED)
            return None
        if self._values[name] is None:
            self.error(name, NULL)
        return self._values[name]

    def text(self, name: str) -> str:
        """Read a text that is there and may be blank; a JSON number is the text that it shows."""
        value = self._values[name]
        if value is None:
            self.error(name, NULL)
        elif isinstance(value, bool) or not isinstance(value, str | int | float):
            self.error(name, "Not a valid string.")
        else:
            return self._safe(name, str(value))
        return ""

    def _safe(self, name: str, text: str) -> str:
        # The two characters that Django REST Framework takes out of every text field, with its words.
        if "\x00" in text:
            self.error(name, "Null characters are not allowed.")
        elif not text.isascii() and (bad := next((c for c in text if "\ud800" <= c <= "\udfff"), "")):
            self.error(name, f"Surrogate characters are not allowed: U+{ord(bad):X}.")
        else:
            return text
        return ""
