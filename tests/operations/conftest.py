"""What the tests of operations share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.operations.bodies import DecodingError


@pytest.fixture(scope="session")
def undecodable() -> Callable[..., str]:
    """Check that a body cannot be read, and give the reason, which never repeats the body."""

    def check(read: Callable[[bytes], Any], body: bytes) -> str:
        with pytest.raises(DecodingError) as caught:
            read(body)
        assert caught.value.__cause__ is None
        return str(caught.value)

    return check


@pytest.fixture(scope="session")
def refused() -> Callable[..., str]:
    """Check that arguments are refused in the name of a field, and give the rule."""

    def check(field: str, make: Callable[..., Any], *values: Any, **named: Any) -> str:
        with pytest.raises(InvalidArgument) as caught:
            make(*values, **named)
        assert caught.value.field == field
        return caught.value.reason

    return check


@pytest.fixture(scope="session")
def taken() -> Callable[..., Any]:
    """Give what is made of a value, or None where it is refused, which must be in the name of a field."""

    def check(field: str, make: Callable[[Any], Any], value: Any) -> Any:
        try:
            return make(value)
        except InvalidArgument as error:
            refused = error.field
        assert refused == field
        return None

    return check
