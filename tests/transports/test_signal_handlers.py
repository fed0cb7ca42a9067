"""What a signal handler raises in the middle of a call passes through, whatever its class."""

from __future__ import annotations

import signal
import ssl
import threading

import pytest
from behaviour_steps import play
from behaviour_table import GOOD, HEAD
from faulty_server import FaultyServer, Peer, hang

from xoxzo.cloudpy import Attempt, Client
from xoxzo.cloudpy.cloudpy import XoxzoClient
from xoxzo.cloudpy.transports.threads import ThreadConnection

SMS = {"recipient": "+818011112222", "sender": "Shop", "message": "hello"}


class SoftTimeLimitExceeded(Exception):
    """As Celery raises it."""


class JobTimeoutException(Exception):
    """As RQ raises it."""


class Alarm(TimeoutError):
    """As many programs raise it: a TimeoutError is an OSError, as the network's are."""


class Refused(ConnectionRefusedError):
    """One that looks like the network's."""


class BadTls(ssl.SSLError):
    """One that looks like TLS's."""


class Stop(BaseException):
    """One that no `except Exception` catches."""


CLASSES = [SoftTimeLimitExceeded, JobTimeoutException, Alarm, Refused, BadTls, Stop, KeyboardInterrupt]
pytestmark = pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs signals for one thread")


@pytest.fixture(params=CLASSES, ids=lambda kind: kind.__name__)
def kind(request):
    """The class of what the handler of SIGUSR1 raises."""

    def handle(*_: object) -> None:
        raise request.param

    before = signal.signal(signal.SIGUSR1, handle)
    yield request.param
    signal.signal(signal.SIGUSR1, before)


def interrupt(peer: Peer) -> None:
    """Send the signal to the thread that waits for an answer."""
    signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)
    hang(peer)


def before_the_head(peer: Peer) -> bool:
    interrupt(peer)
    return False


def within_the_body(peer: Peer) -> bool:
    peer.socket.sendall(HEAD + b"content-length: 50\r\n\r\n[{")
    interrupt(peer)
    return False


def check(
    client: Client, server: FaultyServer, events: list[Attempt], kind: type[BaseException], *, maybe: bool
) -> None:
    """Interrupt a call, and make another one over the only connection that is allowed."""
    with pytest.raises(kind) as caught:
        client.sms.send(**SMS)
    assert type(caught.value) is kind
    name = kind.__name__ if issubclass(kind, Exception) else "cancelled"
    assert [(event.outcome, event.maybe_sent) for event in events] == [(name, maybe)]
    server.tls = None
    server.behave(play((GOOD,)))
    assert client.sms.send(**SMS).msgid == "hello"


@pytest.mark.parametrize("behaviour", [before_the_head, within_the_body])
def test_while_the_answer_is_awaited(kind, behaviour) -> None:
    """It is raised unchanged, nothing is retried, the event hook is called, and the connection is free again."""
    events: list[Attempt] = []
    with (
        FaultyServer(behaviour) as server,
        Client(sid="sid", auth_token="t", base_url=server.url, max_connections=1, on_event=events.append) as client,
    ):
        check(client, server, events, kind, maybe=True)
    assert len(server.requests) == 2


def test_while_a_tunnel_is_opened(kind, monkeypatch) -> None:
    """Nothing was sent then, and it is not repeated either."""
    events: list[Attempt] = []
    with FaultyServer(before_the_head) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        with (
            Client(
                sid="sid",
                auth_token="t",
                base_url="https://api.example.test",
                max_connections=1,
                on_event=events.append,
            ) as client,
            pytest.raises(kind) as caught,
        ):
            client.sms.send(**SMS)
    assert type(caught.value) is kind
    assert [(event.maybe_sent, event.number) for event in events] == [(False, 1)]
    assert len(proxy.requests) == 1


def test_in_the_classic_client(kind) -> None:
    """It is not made a response with an error in it."""
    with FaultyServer(before_the_head) as server:
        client = XoxzoClient("sid", "token", server.url)
        with pytest.raises(kind):
            client.send_sms("hello", "+818011112222", "Shop")
    assert len(server.requests) == 1


@pytest.mark.parametrize("step", ["_write", "_receive"])
def test_while_the_request_is_written(monkeypatch, step) -> None:
    """What looks like a closed connection is not taken for one, nor while an early response is looked for."""

    def handle(*_: object) -> None:
        raise Refused

    def interrupted(*_: object) -> None:
        signal.raise_signal(signal.SIGUSR1)

    def broken(*_: object) -> None:
        raise BrokenPipeError

    before = signal.signal(signal.SIGUSR1, handle)
    try:
        with FaultyServer(play((GOOD,))) as server, Client(sid="sid", auth_token="t", base_url=server.url) as client:
            monkeypatch.setattr(ThreadConnection, "_write", interrupted if step == "_write" else broken)
            if step == "_receive":
                monkeypatch.setattr(ThreadConnection, "_receive", interrupted)
            with pytest.raises(Refused):
                client.sms.send(**SMS)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert server.requests == []
