"""A process that has loaded the command line, and forks for each command that it runs.

Hundreds of commands are run by the recorded tests. Each is a process of its own, with a terminal or pipes of its own;
what it does not do is to load Python and its libraries again. `ready.py` is the other side.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import sys
import termios
import time
from importlib import import_module

LOADED = (
    "asyncio",
    "xoxzo.cloudpy.transports.threads",
    "msgspec",
    "rich.table",
    "ssl",
    "tomllib",
    "phonenumbers",
    "xoxzo.cloudpy.client.client",
)
COMMANDS = (
    *("app", "core.session", "core.output.progress", "commands.telephony.sms", "commands.campaign"),
    *("commands.simulator", "commands.listen", "commands.trigger", "commands.doctor.command"),
)


def main() -> None:
    """Serve until the other side closes the socket."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    for name in (*LOADED, *(f"xoxzo.cloudpy.cli.{name}" for name in COMMANDS)):
        import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no process waits for the keepers
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, 1_000_000, 4)
        if not message:
            return
        if os.fork() == 0:
            channel.close()
            keep(json.loads(message), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def keep(asked: dict, reported: int, *streams: int) -> None:
    """Run a command in a process of its own, and tell its id and its status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        os.close(reported)
        run(asked, streams)
    for stream in streams:
        os.close(stream)
    os.write(reported, b"%d\n" % child)
    os.write(reported, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    os._exit(0)


def run(asked: dict, streams: tuple[int, ...]) -> None:
    """Become the command."""
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    if asked["terminal"]:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    time.tzset()
    sys.argv = ["xoxzo", *asked["arguments"]]
    sys.stdin = os.fdopen(0, encoding="utf-8")
    encoding = os.environ.get("PYTHONIOENCODING", "utf-8")
    sys.stdout = os.fdopen(1, "w", encoding=encoding, buffering=1 if asked["terminal"] else -1)
    sys.stderr = os.fdopen(2, "w", encoding=encoding, errors="backslashreplace", buffering=1)
    for name in asked["closed"]:  # what Python gives a program that was started with a closed descriptor
        getattr(sys, name).close()
        setattr(sys, name, None)
    status = 1
    try:
        from xoxzo.cloudpy.cli import main as xoxzo

        xoxzo()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - reported as Python itself does
        sys.excepthook(*sys.exc_info())
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                if stream is not None:
                    stream.flush()
            except OSError as error:
                os.write(2, f"Exception ignored on flushing: {error}\n".encode())
                status = 120
        os._exit(status)


if __name__ == "__main__":
    main()
