"""The fast transports beyond the contract: what pyreqwest is held to, and what is said when it cannot work."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from carriers import Carrier, patience, post
from faulty import FaultyServer, close, raw, reply, stall
from pyreqwest.exceptions import PoolTimeoutError

from xoxzo.cloudpy import APIError, AsyncClient, Client
from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.protocols import Progress, Request, TransportFailure
from xoxzo.cloudpy.transports import fast_engine
from xoxzo.cloudpy.transports.fast import AsyncFastTransport, FastTransport

OK = reply(201, '[{"msgid": "m1"}]')
fast = pytest.mark.parametrize("kind", ["fast-threads", "fast-asyncio"], indirect=True)


def run(program: str) -> str:
    """Run a program of its own and give what it prints."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_client_sends_by_the_fast_transport() -> None:
    """It is chosen by ``transport=``, sends once, and whoever made it closes it."""
    transport = FastTransport()
    with FaultyServer(OK) as server:
        with Client(sid="a", auth_token="b", base_url=server.url, transport=transport) as client:
            assert client.sms.send(recipient="+818011112222", sender="Shop", message="hello").msgid == "m1"
        transport.close()
    assert len(server.requests) == 1


def test_header_fields_can_be_looked_at_after_the_answer_was_closed() -> None:
    """They are read when somebody looks: a mapping like any other, with the last of a repeated field."""
    transport = FastTransport()
    with FaultyServer(
        raw(b"HTTP/1.1 200 OK\r\nX-One: 1\r\nx-two: 2\r\nX-TWO: 3\r\ncontent-length: 0\r\n\r\n")
    ) as server:
        answer = transport.send(post(server.url), patience(), Progress())
        answer.close()
        headers = answer.headers
        assert (len(headers), dict(headers)) == (3, {"x-one": "1", "x-two": "3", "content-length": "0"})
        assert "x-three" not in headers
        transport.close()


async def send_async(url: str) -> str:
    transport = AsyncFastTransport()
    try:
        async with AsyncClient(sid="a", auth_token="b", base_url=url, transport=transport) as client:
            return (await client.sms.send(recipient="+818011112222", sender="Shop", message="hello")).msgid
    finally:
        await transport.close()


def test_an_asynchronous_client_sends_by_the_fast_transport() -> None:
    """The same for asyncio."""
    import asyncio

    with FaultyServer(OK) as server:
        assert asyncio.run(send_async(server.url)) == "m1"


@pytest.mark.parametrize("fault", [close, reply(503)], ids=["closed", "503"])
def test_nothing_is_sent_again_by_the_library(fault) -> None:
    """One POST arrives, whatever the server does with it, also on a connection that was used before."""
    transport = FastTransport()
    with FaultyServer(OK, fault) as server:
        with Client(sid="a", auth_token="b", base_url=server.url, transport=transport) as client:
            client.sms.send(recipient="+818011112222", sender="Shop", message="hello")
            with pytest.raises(APIError) as caught:
                client.sms.send(recipient="+818011112222", sender="Shop", message="hello")
        transport.close()
    assert (len(server.requests), caught.value.maybe_sent) == (2, True)


def test_a_missing_extra_is_named_in_one_line() -> None:
    """Without pyreqwest the module can be imported, and making a transport says what to install."""
    told = run(
        "import sys; sys.modules['pyreqwest'] = None\n"
        "from xoxzo.cloudpy.transports.fast import AsyncFastTransport, FastTransport\n"
        "from xoxzo.cloudpy import ConfigurationError\n"
        "for make in (FastTransport, AsyncFastTransport):\n"
        "    try: make()\n"
        "    except ConfigurationError as error: print(error)\n"
    )
    assert told.splitlines() == ['the fast transport needs pyreqwest: pip install "xoxzo-cloudpy[fast]"'] * 2


def test_another_missing_module_is_not_taken_for_a_missing_extra() -> None:
    """What else cannot be imported is not hidden behind advice that does not help."""
    told = run(
        "import sys; sys.modules['xoxzo.cloudpy.transports.routes'] = None\n"
        "try: import xoxzo.cloudpy.transports.fast\n"
        "except ModuleNotFoundError as error: print(error.name)\n"
    )
    assert told == "xoxzo.cloudpy.transports.routes\n"


def test_somebody_elses_use_of_the_library_before_a_fork_is_told_as_well() -> None:
    """A child whose parent used pyreqwest by itself gets the same clear error."""
    told = run(
        "import os\n"
        "from pyreqwest.client import SyncClientBuilder\n"
        "from xoxzo.cloudpy import Client, ConfigurationError\n"
        "from xoxzo.cloudpy.transports.fast import FastTransport\n"
        "SyncClientBuilder().build()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    try: Client(sid='a', auth_token='b', base_url='http://127.0.0.1:9', transport=FastTransport())"
        ".account.credits()\n"
        "    except ConfigurationError as error: print(error, flush=True)\n"
        "    os._exit(0)\n"
        "os.waitpid(child, 0)\n"
    )
    assert "after a fork" in told


def test_a_child_may_use_what_its_parent_only_made() -> None:
    """A transport that was made before the fork and not used works in the child."""
    told = run(
        "import os, sys\n"
        "sys.path.insert(0, 'tests/support')\n"
        "from faulty import FaultyServer, reply\n"
        "from xoxzo.cloudpy import Client\n"
        "from xoxzo.cloudpy.transports.fast import FastTransport\n"
        "with FaultyServer(reply(200, '{\"credits\": 5}')) as server:\n"
        "    client = Client(sid='a', auth_token='b', base_url=server.url, transport=FastTransport())\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        print(client.account.credits().credits, flush=True)\n"
        "        os._exit(0)\n"
        "    os.waitpid(child, 0)\n"
        "    client.close()\n"
    )
    assert told == "5\n"


def test_certificates_that_are_none_are_refused() -> None:
    """Garbage is refused at once, and what only looks like a certificate at the first call."""
    with pytest.raises(ConfigurationError, match="PEM"):
        FastTransport(certificates=b"garbage")
    broken = FastTransport(certificates=b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    with pytest.raises(ConfigurationError, match="cannot be made"):
        broken.send(post("https://127.0.0.1:9"), patience(), Progress())


@fast
def test_a_proxy_whose_address_is_none_is_surely_unsent(carrier: Carrier, monkeypatch) -> None:
    """A proxy that cannot be one is a failure like any that comes before the connection."""
    monkeypatch.setenv("http_proxy", "http://[")
    result = carrier.exchange(post("http://api.example.test"), patience())
    assert (result.reached, result.failure is None) == (False, False)


@fast
def test_a_program_with_ever_other_timeouts_does_not_gather_clients(carrier: Carrier) -> None:
    """Time-outs belong to pyreqwest's clients, of which only the latest are kept."""
    with FaultyServer(OK) as server:
        for number in range(40):
            assert carrier.exchange(post(server.url), patience(read=1 + number)).status == 201
    assert len(carrier.transport._clients._clients) == fast_engine._MOST_CLIENTS


@fast
def test_slots_are_shared_by_calls_with_other_timeouts(kind) -> None:
    """The limit of connections holds over all calls, whatever their time-outs."""
    carrier = kind(max_connections=1)
    with FaultyServer(stall(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx"), OK) as server:
        release = carrier.hold(post(server.url))
        result = carrier.exchange(post(server.url), patience(read=1, deadline=0.3))
        assert result.reached is False
        # In an event loop that is late, the deadline itself may come first.
        assert result.failure.timeout in {"pool", "deadline"}
        release()
        release()
        assert carrier.exchange(post(server.url), patience()).status == 201
        carrier.close()


def test_the_library_itself_lets_no_more_through() -> None:
    """When a slot is free but pyreqwest still has the exchange of a cancelled call, the wait is told as one."""
    failure = fast_engine.failure(PoolTimeoutError("late", {"causes": None}), progress := Progress())
    assert (failure.timeout, progress.reached) == ("pool", False)


def test_connecting_has_less_time_than_the_whole_call() -> None:
    """So that a connection which is not made is told as that, and not as an answer that did not come."""
    clients = fast_engine.Clients(lambda ways: ways)
    for left, connect in [(60.0, 5.0), (5.1, 5.0), (5.0, 2.5), (3.0, 2.5), (0.3, 0.15625)]:
        assert clients.get("http://127.0.0.1/", patience(), left).connect == connect


def test_a_list_that_is_read_slowly_ends_at_the_deadline_of_its_request() -> None:
    """Pyreqwest counts the caller's own time: that is told as the deadline, and not as a silent server."""
    transport = FastTransport()
    with FaultyServer(stall(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx")) as server:
        answer = transport.send(Request("GET", server.url + "/", ()), patience(deadline=1.5), Progress())
        assert answer.read(patience()) == b"x"
        time.sleep(1.5)
        with pytest.raises(TransportFailure) as caught:
            answer.read(patience())
        answer.close()
    transport.close()
    assert caught.value.timeout == "deadline"
