"""Records of SMS templates (API section 3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from xoxzo.cloudpy.common.masking import mask_digits
from xoxzo.cloudpy.common.plain_text import plain
from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.models.base import Model, OpenEnum
from xoxzo.cloudpy.text import estimate, measure

_NAME = r"\s*([^\s{}｛｝](?:[^{}｛｝]*[^\s{}｛｝])?)\s*"
# The API's own samples have single braces, a blog post double ones (API section 3.1), a Japanese keyboard full width.
PLACEHOLDER = re.compile(r"[{｛]{2}" + _NAME + r"[}｝]{2}|[{｛]" + _NAME + "[}｝]")
"""A name in braces: any text but braces, without the blanks around it; in group 1 or 2."""


class TemplateStatus(OpenEnum):
    """Whether a template can be sent (API section 3.1). Xoxzo's staff approve templates; no API call does."""

    APPROVED = "APPROVED"
    PENDING = "PENDING"


class RenderedText(Model, frozen=True, kw_only=True):
    """The text of a template with its variables filled in. Nothing was sent. A ``repr`` leaves the text out."""

    text: str
    """The text."""
    units: int
    """Its length in UTF-16 code units, which Xoxzo counts (API section 2.4)."""
    parts: int | None = None
    """The SMS parts that it takes, 1 to 10; ``None`` if it is too long to be sent."""
    cost: Decimal | None = None
    """An estimate in credits for Japan and the standard route: 10 per part (API section 1.7); ``None`` if it is too
    long. For other countries, K-premium and link tracking use ``text.estimate``."""


class Template(Model, frozen=True, kw_only=True):
    """An SMS template (API section 3.1). A ``repr`` leaves its texts out."""

    id: int
    """Its id."""
    name: str = ""
    """Its name."""
    status: TemplateStatus
    """Whether it can be sent. After an update it is pending until Xoxzo has approved it."""
    approved_content: str | None = None
    """The approved text; ``None`` before the first approval."""
    pending_content: str | None = None
    """The text that waits for approval; ``None`` if there is none."""
    api_usage_example: str | None = None
    """The server's example of a request; ``None`` while the template cannot be sent."""

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The names in ``{}`` or ``{{}}`` in the approved text, without repetition, in their order.

        A name is any text but braces; blanks around it do not count.
        """
        return find_placeholders(self.approved_content or "")

    def render(self, variables: Mapping[str, str]) -> RenderedText:
        """Fill in the placeholders of the approved text, count its SMS parts and estimate its price. Sends nothing.

        Args:
            variables: a text for each placeholder.

        Raises:
            InvalidArgument: a variable is missing, unknown or not text; or no text has been approved yet.
        """
        if self.approved_content is None:
            raise InvalidArgument("template", "has no text in force: Xoxzo has not approved it yet")
        values = check_variables(variables)
        self._check_names(values)
        text = PLACEHOLDER.sub(lambda found: values[found[1] or found[2]], self.approved_content)
        length = measure(text)
        return RenderedText(text=text, units=length.units, parts=length.parts, cost=estimate(text).credits)

    def _check_names(self, variables: dict[str, str]) -> None:
        missing = [name for name in self.placeholders if name not in variables]
        unknown = [name for name in variables if name not in self.placeholders]
        names = {"missing": _listed(missing), "unknown": _listed(unknown)}
        if missing and unknown:
            template = "must be those that the template names: missing {missing}; unknown {unknown}"
        elif missing:
            template = "must be those that the template names: missing {missing}"
        elif unknown:
            template = "must be those that the template names: unknown {unknown}"
        else:
            return
        raise InvalidArgument("variables", template, **names)


def find_placeholders(text: str) -> tuple[str, ...]:
    """Return the names of a text's placeholders, without repetition, in their order."""
    return tuple(dict.fromkeys(found[1] or found[2] for found in PLACEHOLDER.finditer(text)))


def check_variables(values: object) -> dict[str, str]:
    """Return a copy of the variables of a template; raise ``InvalidArgument`` unless they map texts to texts."""
    if not isinstance(values, Mapping):
        raise InvalidArgument("variables", "must be a mapping of names to texts")
    # Plain text: JSON takes no subclass of it, such as Django's SafeString.
    variables: dict[Any, Any] = {plain(name): plain(value) for name, value in values.items()}
    for name, value in variables.items():
        if not _is_text(name):
            raise InvalidArgument("variables", "must have names that are texts")
        if not _is_text(value):
            raise InvalidArgument(
                "variables", "must be texts that can be encoded, and {value} is not one", value=_listed([name])
            )
    return variables


def _is_text(value: object) -> bool:
    # A lone surrogate is half a character and cannot be encoded.
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)


def _listed(names: Iterable[str]) -> str:
    # A phone number that was passed as a name by mistake is masked.
    return ", ".join(mask_digits(name) for name in names)
