"""Every transport in both faces, one after another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme
from transport_runner import EVERY, Carrier, Kind, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=EVERY)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    """A transport that a test makes itself, perhaps with options."""
    return kind_of(request.param, tmp_path)


@pytest.fixture
def carrier(kind: Kind) -> Iterator[Carrier]:
    """A transport with its default options."""
    carrier = kind()
    yield carrier
    carrier.close()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """An authority that is not trusted by default."""
    return trustme.CA()
