"""The table of server behaviours, row by row, by each client: the caller's outcome, and the next response."""

from __future__ import annotations

import asyncio
import re
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from behaviour_runs import BehaviourServer, Seen, create, read, run_in_loop, run_in_threads, server_contexts
from behaviour_table import BEHAVIOURS, OVER_TLS, ServerBehaviour
from transport_runner import Async, OnUvloop, Sync, budget, uvloop

from xoxzo.cloudpy.protocols import Request
from xoxzo.cloudpy.transports.aio import AsyncHttpTransport
from xoxzo.cloudpy.transports.threads import HttpTransport

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from pathlib import Path

CLIENTS = ["threads", "asyncio", *(["uvloop"] if uvloop is not None else [])]


def named(row: ServerBehaviour) -> str:
    return re.sub(r"[^a-z0-9]+", "-", f"{row.group} {row.name}".lower()).strip("-")


@pytest.fixture(scope="session")
def contexts(authority) -> dict[str, ssl.SSLContext]:
    return server_contexts(authority, trustme.CA())


@pytest.fixture(scope="session")
def authority_file(authority, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture(autouse=True)
def quick(monkeypatch, authority_file) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority_file))


def run(client: str, behaviour_server: BehaviourServer, call: Callable, *, loop_is_idle: bool) -> Seen:
    if client == "threads":
        return run_in_threads(behaviour_server, call, HttpTransport)
    with (
        behaviour_server.server,
        asyncio.Runner(loop_factory=uvloop.new_event_loop if client == "uvloop" else None) as runner,
    ):
        return runner.run(run_in_loop(behaviour_server, call, AsyncHttpTransport, loop_is_idle=loop_is_idle))


@pytest.mark.parametrize("row", BEHAVIOURS, ids=named)
def test_what_comes_of_it(row, contexts, monkeypatch) -> None:
    """The number of requests and the error are those of the table, and the next call gets its own answer."""
    each = [(effect, client) for effect in ("create", "read") for client in CLIENTS]
    if row.proxy:  # of which the environment has one at a time
        for effect, client in each:
            behaviour_server = BehaviourServer(row, contexts)
            monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{behaviour_server.server.port}")
            check(row, effect, client, behaviour_server)
    else:
        at_once(lambda case: check(row, *case, BehaviourServer(row, contexts)), each)


@pytest.mark.parametrize("row", OVER_TLS, ids=named)
def test_the_same_comes_of_it_over_tls(row, contexts) -> None:
    """TLS changes nothing: not the caller's outcome, and a connection with unread bytes is closed."""
    at_once(lambda client: check(row, "create", client, BehaviourServer(row, contexts, tls=True)), CLIENTS)


def at_once(work: Callable[[Any], None], cases: list[Any]) -> None:
    """Do some work for all cases at the same time, since most of them wait, and report which fail."""
    with ThreadPoolExecutor(len(cases)) as pool:
        futures = {str(case): pool.submit(work, case) for case in cases}
    failures = [(case, error) for case, future in futures.items() if (error := future.exception())]
    for case, error in failures:
        error.add_note(f"failed for {case}")
    if failures:
        raise ExceptionGroup("not as the table says", [error for _, error in failures])


def check(row: ServerBehaviour, effect: str, client: str, behaviour_server: BehaviourServer) -> None:
    call = create("first") if effect == "create" else read("first")
    seen = run(client, behaviour_server, call, loop_is_idle=effect == "create")
    wanted = getattr(row.outcomes, effect)
    assert (seen.outcome, seen.value) == (wanted, None if wanted.error else "first")
    assert (seen.following, behaviour_server.requests) == ("following", wanted.requests + 1)
    if row.reused is not None:
        assert seen.connections == (1 if row.reused else wanted.requests + 1)


@pytest.mark.parametrize("row", [row for row in OVER_TLS if row.reused is False], ids=named)
def test_the_next_answer_is_its_own_when_bodies_are_streamed(row, contexts) -> None:
    """A transport whose answers are read in pieces, as those of lists are, gives up the same connections."""
    at_once(lambda client: check_streamed(BehaviourServer(row, contexts), client), CLIENTS)


def check_streamed(behaviour_server: BehaviourServer, client: str) -> None:
    carrier = {"threads": Sync, "asyncio": Async, "uvloop": OnUvloop}[client](
        HttpTransport() if client == "threads" else AsyncHttpTransport()
    )
    with behaviour_server.server as server:
        carrier.exchange(request(behaviour_server, "first"), budget())
        behaviour_server.finish_call()
        behaviour_server.behave_well()
        result = carrier.exchange(request(behaviour_server, "following"), budget())
        carrier.close()
    assert (result.status, result.body, result.failure) == (201, b'[{"msgid": "following"}]', None)
    assert (behaviour_server.requests, server.connections) == (2, 2)


def request(behaviour_server: BehaviourServer, message: str) -> Request:
    return Request("POST", f"{behaviour_server.url}/sms/messages/", (), f"message={message}".encode())


HUGE = [row for row in BEHAVIOURS if row.group == "Without end" or "2 MB" in row.name or "bomb" in row.name]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("row", HUGE, ids=named)
def test_no_server_costs_much_memory(row, client, contexts) -> None:
    """Whatever it sends, some megabytes at most are held, those of the server in this process included."""
    behaviour_server = BehaviourServer(row, contexts)
    tracemalloc.start()
    try:
        run(client, behaviour_server, create("first"), loop_is_idle=False)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12_000_000
