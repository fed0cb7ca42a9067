"""SMS templates (API section 3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.masking import mask_digits
from xoxzo.cloudpy.models.base import Model, OpenEnum
from xoxzo.cloudpy.text import estimate, measure

if TYPE_CHECKING:
    from collections.abc import Iterable

# Single braces, as the API's own samples have them; a blog post shows double ones (API section 3.1).
__all__ = ["RenderedText", "Template", "TemplateStatus"]


_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class TemplateStatus(OpenEnum):
    """Whether a template can be sent (API section 3.1). Xoxzo's staff approve templates; no call does."""

    APPROVED = "APPROVED"
    PENDING = "PENDING"


class RenderedText(Model, frozen=True, kw_only=True):
    """What a template becomes with its variables filled in; nothing was sent. A ``repr`` leaves the text out.

    Attributes:
        text: the finished text.
        units: its length in UTF-16 code units, as Xoxzo counts (API section 2.4).
        parts: the SMS parts it takes, 1 to 10; ``None`` when it is too long to be sent.
        cost: an estimate in credits, for Japan and the standard route: 10 for each part by the price table (API section
            1.7). For other countries, K-premium and link tracking ask ``text.estimate``. ``None`` when it is too long.
    """

    text: str
    units: int
    parts: int | None = None
    cost: Decimal | None = None


class Template(Model, frozen=True, kw_only=True):
    """An SMS template (API section 3.1). A ``repr`` leaves its texts out.

    Attributes:
        id: its number.
        name: its name.
        status: whether it can be sent. After an edit it is pending again until Xoxzo has approved it.
        approved_content: the text in force; ``None`` until it was first approved.
        pending_content: the text that waits for approval; ``None`` when there is none.
        api_usage_example: the server's own example of a request; ``None`` while it cannot be sent.
    """

    id: int
    name: str = ""
    status: TemplateStatus
    approved_content: str | None = None
    pending_content: str | None = None
    api_usage_example: str | None = None

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The names in ``{}`` in the text in force, each once, in the order in which they first stand there.

        A name is made of letters, digits and underscores of any script.
        """
        return tuple(dict.fromkeys(_PLACEHOLDER.findall(self.approved_content or "")))

    def render(self, variables: Mapping[str, str]) -> RenderedText:
        """Fill the placeholders of the text in force, and measure and price what comes of it, without any network.

        Args:
            variables: a text for each placeholder, and for nothing else.

        Raises:
            InvalidArgument: a variable is missing, is no placeholder or is not text; or no text is in force yet.
        """
        if self.approved_content is None:
            raise InvalidArgument("template", "has no text in force: Xoxzo has not approved it yet")
        values = variables_of(variables)
        self._compare(values)
        text = _PLACEHOLDER.sub(lambda found: values[found.group(1)], self.approved_content)
        length = measure(text)
        return RenderedText(text=text, units=length.units, parts=length.parts, cost=estimate(text).credits)

    def _compare(self, variables: dict[str, str]) -> None:
        missing = [name for name in self.placeholders if name not in variables]
        unknown = [name for name in variables if name not in self.placeholders]
        found = [f"{word} {_listed(names)}" for word, names in (("missing", missing), ("unknown", unknown)) if names]
        if found:
            raise InvalidArgument("variables", f"must be those that the template names: {'; '.join(found)}")


def variables_of(values: object) -> dict[str, str]:
    """Take the variables of a template: a text, perhaps an empty one, for each name (API section 3.6).

    Raises:
        InvalidArgument: they are not such a mapping.
    """
    if not isinstance(values, Mapping):
        raise InvalidArgument("variables", "must be a mapping of names to texts")
    for name, value in values.items():
        if not _is_text(name):
            raise InvalidArgument("variables", "must have names that are texts")
        if not _is_text(value):
            raise InvalidArgument("variables", f"must be texts that can be encoded, and {_listed([name])} is none")
    # As plain text: JSON takes no subclass of it, such as Django's SafeString.
    return {str.__str__(name): str.__str__(value) for name, value in values.items()}


def _is_text(value: object) -> bool:
    # A lone surrogate is half a character, and can be written in no encoding.
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)


def _listed(names: Iterable[str]) -> str:
    # A name that is really a phone number, by mistake, is not shown.
    return ", ".join(mask_digits(name) for name in names)
