"""The two clients: how they are made, shared and closed."""

from __future__ import annotations

import asyncio
import base64
import gc
import os
import subprocess
import sys
import threading
import warnings

import pytest
from faulty_server import FaultyServer, reply

from xoxzo.cloudpy import AsyncClient, Client, errors
from xoxzo.cloudpy.protocols import TransportFailure

SENT = reply(201, '[{"msgid": "m1"}]')
MESSAGE = {"recipient": "+818011112222", "sender": "Shop", "message": "やあ"}
MADE_UP = {"sid": "sid", "auth_token": "token"}


def headers(request: bytes) -> dict[str, str]:
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_without_credentials_there_is_no_client(kind) -> None:
    """The error says what is missing and how to try without an account."""
    with pytest.raises(errors.ConfigurationError) as caught:
        kind(sid="sid")
    assert "XOXZO_API_AUTH_TOKEN" in str(caught.value)
    assert "xoxzo simulator" in str(caught.value)


def test_credentials_and_host_come_from_the_environment(monkeypatch) -> None:
    """With the three variables set, a client needs no argument."""
    with FaultyServer(SENT) as server:
        monkeypatch.setenv("XOXZO_API_SID", "from")
        monkeypatch.setenv("XOXZO_API_AUTH_TOKEN", "outside")
        monkeypatch.setenv("XOXZO_API_HOST", server.url + "/")
        with Client(app_info="shop/1.2") as client:
            assert client.sms.send(**MESSAGE).msgid == "m1"
    sent = headers(server.requests[0])
    assert base64.b64decode(sent["authorization"].removeprefix("Basic ")) == b"from:outside"
    assert sent["user-agent"].startswith("xoxzo-cloudpy/")
    assert sent["user-agent"].endswith(" shop/1.2")
    assert server.requests[0].startswith(b"POST /sms/messages/ HTTP/1.1")


def test_an_account_has_one_key() -> None:
    """Clients of one account have one key, whatever their token, which is not in it; another account has another."""

    async def key() -> str:
        async with AsyncClient(base_url="http://127.0.0.1:9", sid="me", auth_token="second") as client:
            return client.account_key

    with (
        Client(base_url="http://127.0.0.1:9", sid="me", auth_token="first") as one,
        Client(base_url="http://127.0.0.1:9", sid="you", auth_token="first") as other,
    ):
        assert one.account_key == asyncio.run(key()) != other.account_key


def test_a_client_shows_its_base_url() -> None:
    """Both clients tell their address: Xoxzo's own unless another was given."""
    with Client(**MADE_UP) as client:
        assert client.base_url == "https://api.xoxzo.com"

    async def base_url() -> str:
        async with AsyncClient(base_url="http://127.0.0.1:9", **MADE_UP) as client:
            return client.base_url

    assert asyncio.run(base_url()) == "http://127.0.0.1:9"


def test_both_clients_send_the_same() -> None:
    """Sync and async put the same bytes on the wire, but for the request id."""

    async def main(url: str) -> None:
        async with AsyncClient(**MADE_UP, base_url=url) as client:
            await client.sms.send(**MESSAGE, reference="r", tags=["a"])

    with FaultyServer(SENT) as server:
        with Client(**MADE_UP, base_url=server.url) as client:
            client.sms.send(**MESSAGE, reference="r", tags=["a"])
        asyncio.run(main(server.url))
    first, second = (request.partition(b"\r\n\r\n") for request in server.requests)
    assert first[2] == second[2]
    one, two = headers(server.requests[0]), headers(server.requests[1])
    assert one.pop("x-request-id") != two.pop("x-request-id")
    assert one == two


def test_options_for_one_call_leave_the_client_alone() -> None:
    """`with_options` changes limits for what is called through it and shares the connections."""
    with FaultyServer(reply(429, retry_after="0")) as server, Client(**MADE_UP, base_url=server.url) as client:
        events: list[object] = []
        hasty = client.with_options(max_retries=0, timeout=(1.0, 2.0), deadline=3.0, on_event=events.append)
        for each, tries in ((hasty, 1), (client, 3)):
            with pytest.raises(errors.RateLimited) as caught:
                each.sms.send(**MESSAGE)
            assert caught.value.attempts == tries
        assert len(events) == 1
        assert repr(hasty) == repr(client) == f"Client(base_url='{server.url}')"
    assert server.connections == 1
    with pytest.raises(errors.ConfigurationError, match="closed"):
        hasty.sms.send(**MESSAGE)


def test_asynchronous_options_share_the_connections_too() -> None:
    """The same holds for asyncio."""

    async def main(url: str) -> None:
        async with AsyncClient(**MADE_UP, base_url=url) as client:
            await client.sms.send(**MESSAGE)
            await client.with_options(deadline=5).sms.send(**MESSAGE)
            assert repr(client) == f"AsyncClient(base_url='{url}')"
        with pytest.raises(errors.ConfigurationError, match="closed"):
            await client.sms.send(**MESSAGE)
        await client.close()

    with FaultyServer(SENT) as server:
        asyncio.run(main(server.url))
    assert server.connections == 1


def test_closing_twice_is_fine_and_a_call_afterwards_is_refused() -> None:
    """A closed client says that it is closed."""
    with FaultyServer(SENT) as server:
        client = Client(**MADE_UP, base_url=server.url)
        client.sms.send(**MESSAGE)
        client.close()
        client.close()
    with pytest.raises(errors.ConfigurationError, match="closed"):
        client.sms.send(**MESSAGE)


def test_a_client_that_is_never_closed_warns_once() -> None:
    """Dropping a used client gives one ResourceWarning, and its connections are closed."""
    with FaultyServer(SENT) as server, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        client = Client(**MADE_UP, base_url=server.url)
        client.sms.send(**MESSAGE)
        view = client.with_options(deadline=1)
        del client
        gc.collect()
        assert caught == []
        view.sms.send(**MESSAGE)
        del view
        gc.collect()
    assert [str(warning.message) for warning in caught] == [
        "unclosed Xoxzo client: use it in a `with` statement, or close it"
    ]


@pytest.mark.parametrize("options", [(), ("-X", "dev"), ("-W", "error")], ids=["plain", "dev", "error"])
@pytest.mark.parametrize(
    "program",
    [
        "client = Client(sid='s', auth_token='t', base_url=url)\nclient.sms.send(**message)",
        "client = XoxzoClient('s', 't', url)\nclient.send_sms('hi', '+818011112222', 'Shop')",
        "with Client(sid='s', auth_token='t', base_url=url) as client: client.sms.send(**message)",
    ],
    ids=["never closed", "classic", "closed"],
)
def test_a_short_program_ends_without_a_word(program, options) -> None:
    """No exception is ignored and no warning shown at its end, whether it closed its client or not."""
    begin = (
        "import sys\nfrom xoxzo.cloudpy import Client, XoxzoClient\nurl = sys.argv[1]\n"
        "message = {'recipient': '+818011112222', 'sender': 'Shop', 'message': 'hi'}\n"
    )
    with FaultyServer(SENT) as server:
        command = [sys.executable, *options, "-c", begin + program, server.url]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_asynchronous_client_that_is_never_closed_warns() -> None:
    """The asynchronous client says so, too; asyncio adds a word on the socket that it then has to close."""

    async def main(url: str) -> None:
        client = AsyncClient(**MADE_UP, base_url=url)
        await client.sms.send(**MESSAGE)

    with FaultyServer(SENT) as server, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asyncio.run(main(server.url))
        gc.collect()
    ours = [warning for warning in caught if "unclosed Xoxzo client" in str(warning.message)]
    assert len(ours) == 1


def test_a_given_transport_is_used_and_left_open() -> None:
    """A transport that was handed in is the caller's to close."""

    class Mine:
        closed = False

        def send(self, request, budget, progress):
            raise TransportFailure("mine")

        def close(self) -> None:
            self.closed = True

    transport = Mine()
    client = Client(**MADE_UP, transport=transport, max_retries=0)
    with client, pytest.raises(errors.ConnectionFailed, match="mine"):
        client.account.credits()
    assert transport.closed is False


def test_many_threads_share_a_client() -> None:
    """Threads that send at once each get their answer, over no more than the allowed connections."""
    found: list[str] = []
    with FaultyServer(SENT) as server, Client(**MADE_UP, base_url=server.url, max_connections=3) as client:

        def work() -> None:
            found.extend(client.sms.send(**MESSAGE).msgid for _ in range(5))

        threads = [threading.Thread(target=work) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == ["m1"] * 100
    assert server.connections <= 3


def test_a_forked_child_uses_the_client_of_its_parent() -> None:
    """Preforking servers make a client once and use it in every worker."""
    with FaultyServer(SENT) as server, Client(**MADE_UP, base_url=server.url) as client:
        client.sms.send(**MESSAGE)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = 0 if client.sms.send(**MESSAGE).msgid == "m1" else 2
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        client.sms.send(**MESSAGE)
    assert server.connections == 2


def test_one_asynchronous_client_serves_two_loops_at_once() -> None:
    """Two event loops in two threads share a client, each with connections of its own."""
    barrier = threading.Barrier(2)
    found: list[str] = []

    async def main(client: AsyncClient) -> None:
        for _ in range(3):
            barrier.wait(60)
            found.append((await client.sms.send(**MESSAGE)).msgid)
        barrier.wait(60)
        await client._driver.holder.open().close()

    with FaultyServer(SENT) as server:
        client = AsyncClient(**MADE_UP, base_url=server.url)
        threads = [threading.Thread(target=lambda: asyncio.run(main(client))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        asyncio.run(client.close())
    assert found == ["m1"] * 6
    assert server.connections == 2


def test_many_tasks_share_a_client() -> None:
    """A hundred sends at once go over ten connections, each to its own answer."""

    async def main(url: str) -> list[str]:
        async with AsyncClient(**MADE_UP, base_url=url) as client:
            return [sent.msgid for sent in await asyncio.gather(*(client.sms.send(**MESSAGE) for _ in range(100)))]

    with FaultyServer(SENT) as server:
        assert asyncio.run(main(server.url)) == ["m1"] * 100
    assert server.connections <= 10


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda c: c.sms.send(recipient="08011112222", sender="Shop", message="x"), "recipient"),
        (lambda c: c.sms.send(recipient="+818011112222", sender="MyLittleShop", message="x"), "sender"),
        (lambda c: c.sms.send(recipient="+818011112222", sender="Shop", message=""), "message"),
        (lambda c: c.sms.send(recipient="+818011112222", sender="Shop", message="あ" * 661), "message"),
        (
            lambda c: c.calls.play(caller="81", recipient="+818011112222", recording_url="https://a.test/b"),
            "recording_url",
        ),
        (lambda c: c.sms.list(since="2026-13-01"), "since"),
        (lambda c: c.dins.set_action_url("JP1", action_url="nowhere"), "action_url"),
        (lambda c: c.sms.get(".."), "msgid"),
    ],
)
def test_bad_arguments_are_refused_before_any_network(call, field) -> None:
    """The error names the field at the call itself, and nothing is connected to."""
    with FaultyServer(SENT) as server:
        client = Client(**MADE_UP, base_url=server.url)
        with client, pytest.raises(errors.InvalidArgument) as caught:
            call(client)
    assert caught.value.field == field
    assert server.connections == 0


def test_a_client_loads_no_http_library_before_its_first_call() -> None:
    """Making a client in a web worker that may never send costs no import of an HTTP library."""
    program = (
        "import sys; from xoxzo.cloudpy import Client; Client(sid='a', auth_token='b');"
        "sys.exit(any(name in sys.modules for name in ('httptools', 'httpcore2', 'httpx2', 'h11', 'anyio')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
