"""The documentation's transport over httpx2: what it keeps of the contract, and that it loses what the page says."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import httpx2
import pytest
from behaviour_steps import Drip, play
from behaviour_table import BEHAVIOURS, EMPTY_400, GOOD, HEAD
from faulty_server import FaultyServer, close, hang, refusing, reply, reset

from xoxzo.cloudpy import APIError, Client, errors

sys.path.append(str(Path(__file__).parents[2] / "docs" / "examples"))

from httpx2_transport import Httpx2Transport, main

SMS = {"recipient": "+818011112222", "sender": "Shop", "message": "first"}
ONE_REQUEST_EACH = httpx2.Limits(max_keepalive_connections=0)


@pytest.fixture(params=[{"limits": ONE_REQUEST_EACH}, {"limits": ONE_REQUEST_EACH, "http2": True}], ids=["1", "2"])
def transport(request):
    transport = Httpx2Transport(httpx2.Client(trust_env=False, **request.param))
    yield transport
    transport.close()


def client(url: str, transport: Httpx2Transport, **options) -> Client:
    return Client(sid="sid", auth_token="token", base_url=url, transport=transport, **options)


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (close, errors.ResponseLost),
        (reset, errors.ResponseLost),
        (hang, errors.TimedOut),
        (reply(503), errors.ServerError),
        (play((HEAD + b"content-length: 50\r\n\r\n[{",)), errors.TimedOut),
        (play((GOOD[:40],)), errors.TimedOut),
    ],
    ids=["close", "reset", "hang", "503", "body", "head"],
)
def test_what_may_have_gone_out_is_not_repeated(transport, behaviour, kind) -> None:
    """One POST, and an error that says so."""
    with FaultyServer(behaviour) as server, pytest.raises(kind) as caught:
        client(server.url, transport, timeout=(10.0, 0.2)).sms.send(**SMS)
    assert (caught.value.maybe_sent, len(server.requests)) == (True, 1)


def test_what_did_not_go_out_is_repeated(transport) -> None:
    """Three attempts to connect."""
    with refusing() as url, pytest.raises(errors.ConnectionFailed) as caught:
        client(url, transport).sms.send(**SMS)
    assert (caught.value.maybe_sent, caught.value.attempts) == (False, 3)


SECOND_ANSWERS = [row for row in BEHAVIOURS if row.group == "A second answer"]


@pytest.mark.parametrize("row", SECOND_ANSWERS, ids=lambda row: row.name.replace(" ", "-"))
def test_an_answer_belongs_to_its_request_where_no_connection_is_used_again(transport, row) -> None:
    """As the page says, at the cost of a connection for each request."""
    with FaultyServer(play(row.steps)) as server:
        shop = client(server.url, transport)
        assert shop.sms.send(**SMS).msgid == "first"
        server.call_finished.set()
        assert server.acted.wait(30)
        server.behave(play((GOOD,)))
        assert shop.sms.send(**SMS | {"message": "following"}).msgid == "following"
    assert (len(server.requests), server.connections) == (2, 2)


def test_with_kept_connections_an_answer_may_be_that_of_another_request() -> None:
    """What the page warns of: when this fails, the warning can go."""
    transport = Httpx2Transport(httpx2.Client(trust_env=False))
    with FaultyServer(play((GOOD + EMPTY_400,)), play((GOOD,))) as server:
        shop = client(server.url, transport)
        assert shop.sms.send(**SMS).msgid == "first"
        with pytest.raises(APIError) as caught:
            shop.sms.send(**SMS)
        transport.close()
    assert (type(caught.value), caught.value.maybe_sent) == (errors.BadRequest, False)


def test_a_slow_server_outlives_the_deadline(transport) -> None:
    """What the page warns of: the read time-out is fixed when the request is sent, and each byte restarts it."""
    began = time.monotonic()
    with FaultyServer(play((Drip(GOOD[:60], 0.01), GOOD[60:]))) as server, pytest.raises(errors.TimedOut) as caught:
        client(server.url, transport, deadline=0.2).sms.send(**SMS)
    assert (caught.value.phase, caught.value.maybe_sent) == ("deadline", True)
    assert time.monotonic() - began > 0.5


def test_the_example_runs(monkeypatch, capsys) -> None:
    """Against what the environment names."""
    with FaultyServer(play((GOOD,))) as server:
        for name, value in {"SID": "sid", "AUTH_TOKEN": "token", "HOST": server.url}.items():
            monkeypatch.setenv(f"XOXZO_API_{name}", value)
        main()
    assert capsys.readouterr().out == "こんにちは\n"
