"""Playing the rows of the table of server behaviours by the clients."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from behaviour_steps import Act, play
from behaviour_table import GOOD, TUNNEL, Outcome, ServerBehaviour
from faulty_server import FaultyServer

from xoxzo.cloudpy import APIError, AsyncClient, Client

if TYPE_CHECKING:
    from collections.abc import Callable

    import trustme
    from faulty_server import Behaviour, Peer

HOST_BEHIND_PROXY = "api.example.test"
_ACCOUNT = {"sid": "sid", "auth_token": "token"}


def server_contexts(authority: trustme.CA, stranger: trustme.CA) -> dict[str, ssl.SSLContext]:
    """Return what servers speak TLS by, for each name that a row may have.

    Args:
        authority: the authority that clients trust.
        stranger: one that they do not.
    """
    ago = datetime.now(UTC) - timedelta(days=1)
    contexts = {
        "good": _context(authority.issue_cert("127.0.0.1", HOST_BEHIND_PROXY)),
        "no cipher": _context(authority.issue_cert("127.0.0.1")),
        "TLS 1.2": _context(authority.issue_cert("127.0.0.1")),
        "untrusted": _context(stranger.issue_cert("127.0.0.1")),
        "expired": _context(authority.issue_cert("127.0.0.1", not_before=ago - timedelta(days=9), not_after=ago)),
        "other host": _context(authority.issue_cert("127.0.0.2")),
        "client certificate, TLS 1.2": _context(authority.issue_cert("127.0.0.1")),
    }
    contexts["TLS 1.2"].maximum_version = ssl.TLSVersion.TLSv1_2
    # The certificate is one for ECDSA, so no cipher is left.
    contexts["no cipher"].maximum_version = ssl.TLSVersion.TLSv1_2
    contexts["no cipher"].set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
    contexts["client certificate, TLS 1.2"].maximum_version = ssl.TLSVersion.TLSv1_2
    contexts["client certificate, TLS 1.2"].verify_mode = ssl.CERT_REQUIRED
    return contexts


def _context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


class BehaviourServer:
    """A server that behaves as a row says, until it is set to behave well.

    Args:
        row: the row.
        contexts: see :func:`server_contexts`.
        tls: whether TLS is spoken though the row does not ask for it.
    """

    def __init__(self, row: ServerBehaviour, contexts: dict[str, ssl.SSLContext], *, tls: bool = False) -> None:
        self.row = row
        self._contexts = contexts
        speaks_tls = tls or bool(row.tls)
        self.server = FaultyServer(
            self._behaviour(row.steps),
            on_connect=play(row.on_connect) if row.on_connect else None,
            tls=None if row.tls == "none" or not speaks_tls else contexts[row.tls or "good"],
            listening=row.listening,
        )
        scheme = "https" if speaks_tls else "http"
        self.url = f"https://{HOST_BEHIND_PROXY}" if row.proxy else f"{scheme}://127.0.0.1:{self.server.port}"
        self._speaks_tls = speaks_tls

    def _behaviour(self, steps: tuple[Any, ...]) -> Behaviour:
        odd = play(steps, self._contexts["good"])
        good = play((GOOD,))
        if not self.row.proxy:
            return odd

        def behave(peer: Peer) -> bool:
            return (odd if peer.request.startswith(b"CONNECT ") else good)(peer)

        return behave

    def finish_call(self) -> None:
        """Let the server do what it does after the call, and wait until it has done so."""
        self.server.call_finished.set()
        if self.row.outcomes.create.requests and not self.row.proxy:
            assert self.server.acted.wait(30)

    def behave_well(self) -> None:
        """From now on, answer each request rightly."""
        if self._speaks_tls:
            self.server.tls = self._contexts["good"]
        self.server.behave(self._behaviour((TUNNEL, Act.TUNNEL)) if self.row.proxy else play((GOOD,)))

    @property
    def requests(self) -> int:
        """How many requests came, those for a tunnel left out."""
        return sum(not request.startswith(b"CONNECT ") for request in self.server.requests)


@dataclass
class Seen:
    """What came of a call under a row, and of the one after it."""

    outcome: Outcome
    value: str | None
    following: str
    connections: int


def create(message: str) -> Callable[[Any], Any]:
    return lambda client: client.sms.send(recipient="+818011112222", sender="Shop", message=message)


def read(msgid: str) -> Callable[[Any], Any]:
    return lambda client: client.sms.get(msgid)


def _outcome(error: APIError | None, requests: int) -> Outcome:
    if error is None:
        return Outcome(requests)
    return Outcome(requests, type(error).__name__, error.maybe_sent, getattr(error, "phase", ""))


def run_in_threads(
    behaviour_server: BehaviourServer, call: Callable[[Any], Any], make_transport: Callable[[], Any]
) -> Seen:
    """Make a call and the one after it by the client for threads."""
    transport = make_transport()
    value, error = None, None
    with behaviour_server.server as server:
        with Client(**_ACCOUNT, base_url=behaviour_server.url, transport=transport) as client:
            try:
                value = call(client.with_options(**behaviour_server.row.options)).msgid
            except APIError as raised:
                error = raised
            behaviour_server.finish_call()
            outcome = _outcome(error, behaviour_server.requests)
            behaviour_server.behave_well()
            following = create("following")(client).msgid
        transport.close()
    return Seen(outcome, value, following, server.connections)


async def run_in_loop(
    behaviour_server: BehaviourServer,
    call: Callable[[Any], Any],
    make_transport: Callable[[], Any],
    *,
    loop_is_idle: bool,
) -> Seen:
    """Make a call and the one after it by the client for asyncio.

    Args:
        behaviour_server: the server.
        call: the first call.
        make_transport: makes the transport.
        loop_is_idle: whether the event loop runs on while the server acts between the two calls, so that it reads at
            once what comes; otherwise that is still unread when the second call begins.
    """
    transport = make_transport()
    value, error = None, None
    async with AsyncClient(**_ACCOUNT, base_url=behaviour_server.url, transport=transport) as client:
        try:
            value = (await call(client.with_options(**behaviour_server.row.options))).msgid
        except APIError as raised:
            error = raised
        if loop_is_idle:
            await asyncio.to_thread(behaviour_server.finish_call)
        else:
            behaviour_server.finish_call()
        outcome = _outcome(error, behaviour_server.requests)
        behaviour_server.behave_well()
        following = (await create("following")(client)).msgid
    await transport.close()
    return Seen(outcome, value, following, behaviour_server.server.connections)
