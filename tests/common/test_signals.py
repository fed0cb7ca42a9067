"""What a signal handler raises is not the network's."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from xoxzo.cloudpy.common.signals import raised_by_signal_handler


class Alarm(TimeoutError):
    """What a program's own limit raises."""


def plain(*_: object) -> None:
    raise Alarm


class Limit:
    def handle(self, *_: object) -> None:
        raise Alarm

    def __call__(self, *_: object) -> None:
        raise Alarm


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="needs SIGUSR1")
@pytest.mark.parametrize(
    "handler",
    [plain, Limit().handle, Limit(), partial(plain), partial(Limit().handle)],
    ids=["function", "method", "object", "partial", "partial method"],
)
def test_an_exception_of_a_signal_handler_is_known_by_its_frames(handler) -> None:
    """However the handler is written, and whatever it raises."""
    before = signal.signal(signal.SIGUSR1, handler)
    try:
        with pytest.raises(Alarm) as caught:
            signal.raise_signal(signal.SIGUSR1)
        assert raised_by_signal_handler(caught.value)
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_no_other_thread_runs_signal_handlers() -> None:
    """There every exception is the network's, and no check is needed."""
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(raised_by_signal_handler, Alarm()).result() is False


def test_any_other_exception_is_not_one() -> None:
    """One with the same class, and one that was never raised."""
    with pytest.raises(Alarm) as caught:
        plain()
    assert not raised_by_signal_handler(caught.value)
    assert not raised_by_signal_handler(Alarm())
