"""Rough use of the clients, and the count afterwards: every "maybe" has its request, and all connections are free.

The tests play a few hundred calls, `make soak` thousands. `main` lets a program of its own fork under load.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import random
import sys
import threading
import traceback
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs

from behaviour_steps import Act, play
from behaviour_table import EMPTY_400, GOOD, HEAD
from faulty_server import FaultyServer

from xoxzo.cloudpy import APIError, AsyncClient, Client
from xoxzo.cloudpy.transports.aio import AsyncHttpTransport
from xoxzo.cloudpy.transports.threads import HttpTransport

if TYPE_CHECKING:
    from collections.abc import Callable

    from faulty_server import Behaviour, Peer

    from xoxzo.cloudpy import Attempt

    LoopFactory = Callable[[], asyncio.AbstractEventLoop] | None

SLOTS = 8
_SMS = {"recipient": "+818011112222", "sender": "Shop"}
_429 = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n"


class Reaction(NamedTuple):
    """What a server does with a request, how often, and whether it has accepted the message then."""

    behaviour: Behaviour
    weight: int
    accepted: bool = True


_REACTIONS = [
    Reaction(play((GOOD,)), 12),
    Reaction(play((0.005, GOOD)), 3),
    Reaction(play((GOOD + EMPTY_400,)), 2),
    # Announced: otherwise the next request may be on its way when the connection ends.
    Reaction(play((HEAD + b"connection: close\r\n" + GOOD[len(HEAD) :], Act.CLOSE)), 2),
    Reaction(play((Act.CLOSE,)), 1),
    Reaction(play((Act.RESET,)), 1),
    Reaction(play((GOOD[:60], Act.CLOSE)), 1),
    Reaction(play((b"HTTP/1.1 500 Odd\r\ncontent-length: 0\r\n\r\n",)), 1),
    Reaction(play((_429,)), 2, accepted=False),
    Reaction(play((EMPTY_400,)), 1, accepted=False),
]


@dataclass
class Counts:
    """What the server and the callers have counted; the keys are messages."""

    accepted: Counter[str] = field(default_factory=Counter)
    returned: Counter[str] = field(default_factory=Counter)
    maybe: Counter[str] = field(default_factory=Counter)
    not_sent: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def check(self, *, exactly: bool = True) -> list[str]:
        """Return what does not fit together; nothing should.

        Args:
            exactly: whether each "maybe" was accepted; otherwise none has to be, but nothing else was.
        """
        wrong = list(self.wrong)
        for message in self.returned | self.maybe | self.not_sent:
            least, maybe, accepted = self.returned[message], self.maybe[message], self.accepted[message]
            if not least + (maybe if exactly else 0) <= accepted <= least + maybe:
                wrong.append(f"{message}: {least} returned, {maybe} maybe, {accepted} accepted")
        return wrong

    def add(self, other: Counts) -> None:
        """Take over what another process has counted."""
        for name in ("accepted", "returned", "maybe", "not_sent"):
            getattr(self, name).update(getattr(other, name))
        self.wrong += other.wrong

    def note(self, message: str, returned: str | None, *, maybe_sent: bool) -> None:
        """Count one call."""
        if returned is None:
            (self.maybe if maybe_sent else self.not_sent)[message] += 1
        elif returned == message:
            self.returned[message] += 1
        else:
            self.wrong.append(f"{message} got the answer of {returned}")


def counting_server(counts: Counts, seed: int, *, refuses: bool = True) -> FaultyServer:
    """Make a server that does one of many things with each request, and counts which it accepts.

    Args:
        counts: where it counts.
        seed: of what it does.
        refuses: whether it may refuse a request; a caller that does not wait for the answer would not notice.
    """
    chance, lock = random.Random(seed), threading.Lock()
    reactions = [reaction for reaction in _REACTIONS if refuses or reaction.accepted]

    def behave(peer: Peer) -> bool:
        message = parse_qs(peer.request.partition(b"\r\n\r\n")[2].decode())["message"][0]
        with lock:
            reaction = chance.choices(reactions, [each.weight for each in reactions])[0]
            counts.accepted[message] += reaction.accepted
        return reaction.behaviour(peer)

    return FaultyServer(behave)


def together(number: int) -> Behaviour:
    """Answer only when so many requests are under way: that needs as many free connections."""
    barrier = threading.Barrier(number)
    good = play((GOOD,))

    def behave(peer: Peer) -> bool:
        barrier.wait(30)
        return good(peer)

    return behave


def send(client: Client, counts: Counts, message: str) -> None:
    """Send one message and count what came of it."""
    try:
        returned = client.sms.send(**_SMS, message=message).msgid
        counts.note(message, returned, maybe_sent=False)
    except APIError as error:
        counts.note(message, None, maybe_sent=error.maybe_sent)


async def send_async(client: AsyncClient, counts: Counts, message: str) -> None:
    """The same on asyncio."""
    try:
        returned = (await client.sms.send(**_SMS, message=message)).msgid
        counts.note(message, returned, maybe_sent=False)
    except APIError as error:
        counts.note(message, None, maybe_sent=error.maybe_sent)


def options(url: str, transport: object) -> dict[str, Any]:
    return {"sid": "sid", "auth_token": "token", "base_url": url, "deadline": 60.0, "transport": transport}


def run_threads(work: Callable[[int], None], number: int) -> None:
    """Run so many threads to their end."""
    threads = [threading.Thread(target=work, args=[each]) for each in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def play_threads(seed: int, number: int = 50, calls: int = 4) -> list[str]:
    """Let threads share one client on a server that does anything; return what does not fit together."""
    counts, last, transport = Counts(), Counts(), HttpTransport(max_connections=SLOTS)
    with counting_server(counts, seed) as server, FaultyServer(together(SLOTS)) as patient:
        client = Client(**options(server.url, transport))
        run_threads(lambda each: [send(client, counts, f"{each}-{call}") for call in range(calls)], number)
        client = Client(**options(patient.url, transport))
        run_threads(lambda each: send(client, last, str(each)), SLOTS)
        transport.close()
    return [*counts.check(), *all_free(last)]


def all_free(last: Counts) -> list[str]:
    """Return what is wrong unless as many calls came to their end together as there are connections."""
    free = last.returned.total()
    return [] if free == SLOTS else [f"{free} of {SLOTS} connections are free"]


async def play_cancellations(seed: int, calls: int = 100, *, exactly: bool = True) -> list[str]:
    """Cancel calls at random moments; return what does not fit together.

    Args:
        seed: of the moments, and of what the server does.
        calls: how many.
        exactly: whether the event loop writes at once: uvloop writes at the end of its turn, and not at all where the
            call was cancelled meanwhile.
    """
    counts, last, chance = Counts(), Counts(), random.Random(seed)
    transport = AsyncHttpTransport(max_connections=SLOTS)

    async def one(client: AsyncClient, message: str) -> None:
        events: list[Attempt] = []
        own = client.with_options(on_event=events.append)
        task = asyncio.create_task(own.sms.send(**_SMS, message=message))
        await asyncio.sleep(chance.choice([0.0, chance.uniform(0, 0.004), chance.uniform(0, 0.02)]))
        task.cancel()
        try:
            counts.note(message, (await task).msgid, maybe_sent=False)
        except APIError as error:
            counts.note(message, None, maybe_sent=error.maybe_sent)
        except asyncio.CancelledError:
            # One that was cancelled before its first step has made no attempt.
            counts.note(message, None, maybe_sent=bool(events) and events[-1].maybe_sent)

    with counting_server(counts, seed, refuses=False) as server, FaultyServer(together(SLOTS)) as patient:
        client = AsyncClient(**options(server.url, transport))
        for first in range(0, calls, 20):
            await asyncio.gather(*(one(client, str(each)) for each in range(first, min(first + 20, calls))))
        client = AsyncClient(**options(patient.url, transport))
        await asyncio.gather(*(send_async(client, last, str(each)) for each in range(SLOTS)))
        await transport.close()
    return [*counts.check(exactly=exactly), *all_free(last)]


def play_loops(seed: int, factories: list[LoopFactory], calls: int = 30) -> list[str]:
    """Share one transport between event loops in threads; return what does not fit together."""
    counts, transport = Counts(), AsyncHttpTransport(max_connections=SLOTS)

    async def work(url: str, name: str) -> None:
        client = AsyncClient(**options(url, transport))
        await asyncio.gather(*(send_async(client, counts, f"{name}-{each}") for each in range(calls)))
        await transport.close()

    def run(each: int) -> None:
        with asyncio.Runner(loop_factory=factories[each]) as runner:
            runner.run(work(server.url, str(each)))

    with counting_server(counts, seed) as server:
        run_threads(run, len(factories))
    return counts.check()


def play_forks(seed: int, forks: int = 5) -> list[str]:
    """Fork while threads are sending, and send in the child as well; return what does not fit together."""
    counts, stop = Counts(), threading.Event()
    transport = HttpTransport(max_connections=4)

    def load(each: int) -> None:
        call = 0
        while not stop.is_set():
            send(client, counts, f"{each}-{call}")
            call += 1

    with counting_server(counts, seed) as server:
        client = Client(**options(server.url, transport))
        threads = [threading.Thread(target=load, args=[each]) for each in range(4)]
        for thread in threads:
            thread.start()
        for number in range(forks):
            counts.add(in_child(partial(send_three, client, number)))
        stop.set()
        for thread in threads:
            thread.join()
        transport.close()
    return counts.check()


def send_three(client: Client, number: int, counts: Counts) -> None:
    for call in range(3):
        send(client, counts, f"child {number}-{call}")


def in_child(work: Callable[[Counts], object]) -> Counts:
    """Do some work in a forked child and return what it counted; the server counts here."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        own, status = Counts(), 1
        try:
            work(own)
            os.write(writing, pickle.dumps(own))
            status = 0
        except BaseException:  # noqa: BLE001 - the exit status reports it to the parent
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return pickle.loads(data) if status == 0 else Counts(wrong=[f"a child ended with {status}"])


def main() -> None:
    """Fork under load: ``robustness.py SEED FORKS``."""
    wrong = play_forks(int(sys.argv[1]), int(sys.argv[2]))
    print(*wrong, sep="\n")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
