"""Fixtures of the simulator's tests."""

from __future__ import annotations

from collections.abc import Iterator

import openapi_check
import pytest
from simulator_callers import Caller, Listener

from xoxzo.cloudpy.simulator.api.app import Api
from xoxzo.cloudpy.simulator.api.http import ApiRequest, ApiResponse


@pytest.fixture(scope="module", autouse=True)
def every_reply_is_described() -> Iterator[None]:
    """Hold every reply that any of these tests gets against the OpenAPI document."""
    faults: list[AssertionError] = []
    handle = Api._handle

    def checked(api: Api, request: ApiRequest) -> ApiResponse:
        reply = handle(api, request)
        if reply.fault is not None:
            return reply  # what goes wrong on purpose is described nowhere
        try:
            openapi_check.check(request.method, request.path.decode("latin-1"), reply)
        except AssertionError as fault:
            faults.append(fault)  # a server's thread would make an error 500 of it
        return reply

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Api, "_handle", checked)
        yield
    assert not faults, f"{len(faults)} replies are not described, the first: {faults[0]}"


@pytest.fixture
def caller() -> Caller:
    """A caller with default settings."""
    return Caller()


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A server on loopback that the simulator may call."""
    with Listener().running() as listening:
        yield listening
