"""Running: events in an event loop and without one, hooks, and signals."""

from __future__ import annotations

import asyncio
import contextvars
import os
import signal
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from campaign_makers import QUICK, SEND, make, reached, run

from xoxzo.cloudpy import AsyncClient
from xoxzo.cloudpy.campaigns import Event, Limits, Result, State
from xoxzo.cloudpy.campaigns.sending import run_thread
from xoxzo.cloudpy.errors import CampaignError
from xoxzo.cloudpy.simulator import Simulator


def test_events_can_be_iterated_and_left(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """The result comes last; leaving the loop stops the run, and nothing is lost."""

    async def whole() -> list[object]:
        return [thing async for thing in campaign.events(client, QUICK)]

    async def broken_off() -> None:
        async for event in campaign.events(client, Limits(rate=20.0)):
            if getattr(event, "kind", "") == "progress":
                break

    with make(tmp_path, 100) as campaign:
        asyncio.run(broken_off())
        assert campaign.tally()[State.UNKNOWN] == 0
        things = asyncio.run(whole())
        assert isinstance(things[-1], Result)
        assert things[-1].state == "finished"
    assert set(reached(simulator).values()) == {1}


def test_events_come_to_a_program_without_a_loop(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """``watch`` is an ordinary loop in the calling thread; leaving it stops the run, and nothing is lost."""
    with make(tmp_path, 100) as campaign:
        for thing in campaign.watch(client, Limits(rate=50.0)):
            assert isinstance(thing, Event)
            if thing.kind == "progress":
                break
        assert campaign.state == "stopped"
        assert not campaign.tally().in_flight
        assert campaign.tally()[State.UNKNOWN] == 0
        *events, result = campaign.watch(client, QUICK)
        assert {"started", "ended"} <= {event.kind for event in events}
        assert result.state == "finished"
    assert set(reached(simulator).values()) == {1}


def test_what_has_ended_can_be_neither_paused_nor_cancelled(client: AsyncClient, tmp_path: Path) -> None:
    """The request is refused with the state, and changes nothing; a cancelled campaign is not cancelled again."""
    with make(tmp_path, 3) as campaign:
        run(campaign, client)
        for request in (campaign.pause, campaign.cancel):
            with pytest.raises(CampaignError, match="spring is finished: there is nothing left to stop"):
                request()
        assert (campaign.state, campaign.ledger.get("requested")) == ("finished", None)
    with make(tmp_path / "other", 3) as campaign:
        campaign.pause()
        campaign.cancel()
        with pytest.raises(CampaignError, match="spring is cancelled"):
            campaign.cancel()


def test_hooks_run_where_the_program_does(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """In the calling thread, outside of any event loop, so they may block; the run's own thread has the context."""
    seen: list[tuple[threading.Thread, bool]] = []
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="")

    def hook(_event: Event) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            seen.append((threading.current_thread(), False))
        else:
            seen.append((threading.current_thread(), True))

    class Urls:
        def url(self, _purpose: str, _reference: str | None = None, /) -> str:
            assert variable.get() == "kept"
            return "http://localhost/x"

    variable.set("kept")
    with make(tmp_path, 3) as campaign:
        assert run(campaign, client, on_event=hook, callbacks=Urls()).state == "finished"
    assert set(seen) == {(threading.current_thread(), False)}


class _OwnError(Exception):
    """What a hook raises."""


def _fail(event: Event) -> None:
    if event.kind == "progress":
        raise _OwnError


def test_a_hook_that_raises_stops_the_run_gently(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """Messages in flight are completed and recorded; then the hook's error is raised."""
    with make(tmp_path, 200) as campaign:
        with pytest.raises(_OwnError):
            run(campaign, client, Limits(rate=50.0), on_event=_fail)
        with pytest.raises(_OwnError):
            asyncio.run(campaign.run_async(client, Limits(rate=50.0), on_event=_fail))
        tally = campaign.tally()
        assert (tally.in_flight, tally[State.UNKNOWN], campaign.state) == (0, 0, "stopped")
        assert 0 < tally.sent == sum(reached(simulator).values()) < 200
        assert run(campaign, client).state == "finished"
    assert set(reached(simulator).values()) == {1}


def test_ctrl_c_is_gentle_and_a_second_one_is_not(simulator: Simulator, tmp_path: Path) -> None:
    """The first signal waits for messages in flight, the second makes them unknown; the next run reconciles them."""
    simulator.faults.add("slow", SEND, seconds=120.0)
    before = signal.getsignal(signal.SIGINT)
    with make(tmp_path, 20) as campaign, simulator.serve() as server:
        far = AsyncClient(sid="s", auth_token="t", base_url=server.url)
        kinds = []
        for thing in campaign.watch(far, Limits(concurrency=4, settle=0.3)):
            if isinstance(thing, Result):
                result = thing
                break
            kinds.append(thing.kind)
            if thing.tally.in_flight:
                os.kill(os.getpid(), signal.SIGINT)
        assert (result.state, result.reason.code) == ("stopped", "broken_off")
        # A run that had waited for the responses would know.
        assert result.unknown == campaign.tally()[State.UNKNOWN] > 0
        assert signal.getsignal(signal.SIGINT) is before
        simulator.faults.all_normal()
        asyncio.run(far.close())
        near = AsyncClient(sid="s", auth_token="t", base_url="http://localhost", transport=simulator.async_transport())
        for _ in range(4):
            if not run(campaign, near).unknown:
                break
        assert campaign.tally().is_settled
    assert set(reached(simulator).values()) == {1}
    assert len(reached(simulator)) == 20


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no SIGHUP here")
@pytest.mark.parametrize("ignored", [False, True])
def test_a_closed_terminal_ends_a_run_gently(
    simulator: Simulator, client: AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, ignored: bool
) -> None:
    """SIGHUP completes what is in flight, as Ctrl-C does; under nohup, which ignores it, the run goes on."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    try:
        with make(tmp_path, 40) as campaign:

            def hang_up(event: Event) -> None:
                if event.kind == "progress":
                    os.kill(os.getpid(), signal.SIGHUP)

            result = run(campaign, client, Limits(rate=50.0, settle=0.3), on_event=hang_up)
            assert (result.state, result.unknown) == ("finished" if ignored else "stopped", 0)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_stop_that_comes_before_the_run_counts(simulator: Simulator, client: AsyncClient, tmp_path: Path) -> None:
    """A stop before the first event is not lost; threads other than the main one handle no signals."""
    results: list[Result] = []

    def work() -> None:
        run = campaign.run(client, QUICK, on_event=lambda _: campaign.stop("enough"))
        results.append(run)

    with make(tmp_path, 50) as campaign:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert (results[0].state, str(results[0].reason)) == ("stopped", "enough")
        campaign.stop()
        assert run(campaign, client).state == "finished", "a stop with no run under way has stopped the next one"


def test_a_run_makes_a_client_of_its_own(simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the environment's account, and closed afterwards."""
    with make(tmp_path, 3) as campaign, simulator.serve() as server:
        monkeypatch.setenv("XOXZO_API_HOST", server.url)
        monkeypatch.setenv("XOXZO_API_SID", "s")
        monkeypatch.setenv("XOXZO_API_AUTH_TOKEN", "t")
        assert campaign.run().state == "finished"
    assert set(reached(simulator).values()) == {1}


def test_a_stop_before_the_first_event_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The request is repeated as soon as there is something to stop; breaking off before the start does nothing."""
    stops: list[str] = []

    @contextmanager
    def handle_signals(handle):
        # Ctrl-C twice, before there is a thread.
        handle()
        handle()
        yield
        handle()  # it has ended

    async def main(tell) -> Result:
        tell("event")
        return "result"

    monkeypatch.setattr(run_thread, "handle_signals", handle_signals)
    events = run_thread.run_in_thread(main, lambda: stops.append("stop"))
    assert next(events) == "event"
    with pytest.raises(StopIteration) as ended:
        next(events)
    assert (stops, ended.value.value) == (["stop"] * 3, "result")


@pytest.mark.parametrize(("there", "kind"), [(True, "uvloop"), (False, "asyncio.unix_events")])
def test_a_run_without_a_loop_takes_the_quickest(
    simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool, kind: str
) -> None:
    """A program without an event loop gets uvloop's where that is installed, and asyncio's elsewhere."""
    if there:
        pytest.importorskip("uvloop")
    else:
        # What Python takes for a package that is not there.
        monkeypatch.setitem(sys.modules, "uvloop", None)
    loops: set[str] = set()

    class Urls:
        def url(self, _purpose: str, _reference: str | None = None, /) -> str:
            loops.add(type(asyncio.get_running_loop()).__module__)
            return "https://shop.example/reports"

    with make(tmp_path, 3) as campaign, simulator.serve() as server:
        account = {"sid": "a", "auth_token": "b", "base_url": server.url}
        assert campaign.run(limits=QUICK, callbacks=Urls(), account=account).state == "finished"
    assert loops == {kind}
    assert set(reached(simulator).values()) == {1}
