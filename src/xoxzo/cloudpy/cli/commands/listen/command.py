"""`xoxzo listen`: shows the callbacks of Xoxzo or the simulator."""

from __future__ import annotations

import os
import socket
import sys
import threading
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TextIO

import click

# Imported here so that the table of commands reports a missing extra, in one line.
import itsdangerous  # noqa: F401

from xoxzo.cloudpy.callbacks import Callbacks, IncomingCall
from xoxzo.cloudpy.cli.commands.listen import received_callback
from xoxzo.cloudpy.cli.commands.listen.received_callback import ReceivedCallback
from xoxzo.cloudpy.cli.core.click_base import json_option, make_command
from xoxzo.cloudpy.cli.core.exit_codes import REJECTED, CommandError, writing
from xoxzo.cloudpy.cli.core.http_probe import probe
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.output.terminal import visible
from xoxzo.cloudpy.cli.core.output.values import to_json
from xoxzo.cloudpy.cli.core.sending.callback_urls import signing_callbacks
from xoxzo.cloudpy.cli.core.signals import stop_signals
from xoxzo.cloudpy.common.user_files import open_private
from xoxzo.cloudpy.errors import CallbackRejected

DEFAULT_PORT = 8099
"""The default port."""
_MAX_BODY_BYTES = 1_000_000
_TIMEOUT_SECONDS = 10.0
_COLOURS = {"DELIVERED": "green", "ANSWERED": "green", "FAIL": "red", "FAILED": "red", "NO ANSWER": "yellow"}
# The fields that fit a line; --json writes all.
_SHOWN = ("status", "reason", "reference", "recipient", "caller", "sender", "message", "link", "duration", "cost")
_IDS = ("msgid", "callid", "conferenceid")
_NOT_FORWARDED = {"host", "connection", "content-length", "transfer-encoding", "keep-alive", "accept-encoding"}


@make_command(
    "xoxzo listen",
    "xoxzo listen --port 9000 --forward http://127.0.0.1:8000/xoxzo --log received.jsonl",
    "xoxzo listen --replay received.jsonl --forward http://127.0.0.1:8000/xoxzo",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=DEFAULT_PORT, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free port."
)
@click.option("--forward", metavar="URL", help="Send each request on to this address, and answer what it answers.")
@click.option("--log", "log_file", type=click.Path(dir_okay=False), help="Add each request to this file, to replay it.")
@click.option(
    "--replay", type=click.File(encoding="utf-8"), help="Send the requests of such a file to --forward; exit."
)
@click.option("--answer", default='say en "Hello"', show_default=True, help="The line that answers an incoming call.")
@click.option("--verify", is_flag=True, help="Accept only URLs signed with XOXZO_CALLBACK_SECRET.")
@click.option("--show-content", is_flag=True, help="Show phone numbers and texts unmasked.")
@json_option
def command(
    host: str,
    port: int,
    *,
    forward: str | None,
    log_file: str | None,
    replay: TextIO | None,
    answer: str,
    verify: bool,
    show_content: bool,
    machine: bool,
) -> None:
    """Receive callbacks on a port of this machine and show them as they arrive.

    Without --verify all requests are shown, from any sender. Each is answered with 200, or with what --forward answers;
    an incoming call with the line of --answer. Stop it with Ctrl-C.
    """
    printer = CallbackPrinter(machine=machine, show_content=show_content)
    if replay is not None:
        if forward is None:
            raise click.UsageError(_("--replay needs --forward, the URL to send to."))
        _replay(replay, forward, printer)
        return
    with ExitStack() as stack:
        stopped = stack.enter_context(stop_signals())
        file = None if log_file is None else stack.enter_context(_open_private(Path(log_file)))
        callbacks = signing_callbacks("http://localhost") if verify else None
        try:
            server = _Server(host, port)
        except (OSError, TypeError) as error:  # TypeError: a name that IDNA refuses
            why = getattr(error, "strerror", None) or error
            why = _("cannot listen on {host} port {port}: {why}", host=host, port=port, why=why)
            raise CommandError(why, _("Take another port: --port 0 finds a free one.")) from None
        server.printer, server.forward, server.file = printer, forward, file
        server.answer, server.callbacks = answer, callbacks
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="xoxzo-listen", daemon=True)
        thread.start()
        try:
            shown = f"[{host}]" if ":" in host else host
            printer.print_start(f"http://{shown}:{server.server_address[1]}")
            while not stopped(0.5):
                pass
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class CallbackPrinter:
    """Prints callbacks: as JSON, one object a line, if `machine`; numbers and texts unmasked if `show_content`."""

    def __init__(self, *, machine: bool, show_content: bool) -> None:
        self._machine = machine
        self._show_content = show_content
        self._lock = threading.Lock()

    def print_start(self, url: str) -> None:
        """Print the address that it listens on."""
        self._write({"event": "listening", "url": url} if self._machine else _("Listening on {url}", url=url))

    def print_callback(self, received: ReceivedCallback, status: int | str, callbacks: Callbacks | None) -> None:
        """Print a request, and the status of the response or why there was none."""
        try:
            event = received.event(callbacks)
            name = received_callback.EVENT_NAMES[type(event).__name__]
            facts = received_callback.event_fields(event, show_content=self._show_content)
        except CallbackRejected as error:
            name, facts = "refused", {"reason": error.reason}
        if self._machine:
            self._write({"event": name, "at": received.at.strftime("%Y-%m-%d %H:%M:%S"), "answered": status, **facts})
            return
        words = [received.at.strftime("%H:%M:%S"), click.style(f"{name:<15}", bold=True)]
        words += [_word(key, facts[key]) for key in _SHOWN if key in facts]
        words += [f"[{visible(facts[key])[:8]}]" for key in _IDS if key in facts]
        good = status == 200
        words.append(click.style(f"→ {status}", fg=None if good else "red", dim=good))
        self._write("  ".join(words))

    def _write(self, content: dict[str, Any] | str) -> None:
        line = content if isinstance(content, str) else to_json(content)
        # A closed pipe, or an encoding without Japanese, must not stop a callback.
        with self._lock, suppress(OSError, ValueError):
            click.echo(line)
            sys.stdout.flush()


def _word(key: str, value: object) -> str:
    shown = visible(value)
    if key == "status":
        return click.style(shown, fg=_COLOURS.get(shown))
    return f"{click.style(key, dim=True)} {shown}"


class _Server(ThreadingHTTPServer):
    """The state that all requests share."""

    daemon_threads = True
    request_queue_size = 128
    lock = threading.Lock()
    printer: CallbackPrinter
    forward: str | None
    file: TextIO | None
    answer: str
    callbacks: Callbacks | None

    def __init__(self, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)

    def respond(self, received: ReceivedCallback, headers: dict[str, str]) -> tuple[int | str, int, bytes]:
        """Return the status or error to print, and the status and body of the response."""
        if self.file is not None:
            with self.lock:
                self.file.write(received_callback.to_line(received) + "\n")
                self.file.flush()
        if self.forward is not None:
            outcome = probe(received.method, forward_url(self.forward, received.target), headers, received.octets)
            status = outcome.status
            return (outcome.error, 502, b"") if status is None else (status, status, outcome.body)
        try:
            event = received.event(self.callbacks)
        except CallbackRejected as error:
            # Without --verify the response is 200, so that the sender does not retry.
            status = 200 if self.callbacks is None else error.status
            return status, status, b""
        return 200, 200, self.answer.encode() if isinstance(event, IncomingCall) else b""


class _Handler(BaseHTTPRequestHandler):
    """Handles one request for each connection."""

    server: _Server
    timeout = _TIMEOUT_SECONDS

    def _receive(self) -> None:
        chunked = self.headers.get("transfer-encoding", "").strip().lower() == "chunked"
        body = self._read_chunks() if chunked else self._read(self.headers.get("content-length", "0"), 10)
        if body is None:
            return
        content_type = self.headers.get("content-type", "")
        received = received_callback.received_now(self.command, self.path, content_type, body)
        passed = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_FORWARDED}
        shown, status, content = self.server.respond(received, passed)
        self.server.printer.print_callback(received, shown, self.server.callbacks)
        self._reply(status, content)

    def _read_chunks(self) -> bytes | None:
        body = b""
        while piece := self._read(self.rfile.readline(64).partition(b";")[0].decode("latin-1").strip(), 16, len(body)):
            body += piece
            self.rfile.readline(64)
        return None if piece is None else body

    def _read(self, length: str, base: int, before: int = 0) -> bytes | None:
        """Read this many bytes; if they are too many or do not come, refuse the request and return ``None``."""
        try:
            size = int(length, base) if length.isalnum() else -1
        except ValueError:
            size = -1
        if not 0 <= size <= _MAX_BODY_BYTES - before:
            self._reply(413, b"")
            return None
        piece = self.rfile.read(size)
        if len(piece) < size:
            # The connection broke: an incomplete body must not be forwarded or parsed.
            self._reply(400, b"")
            return None
        return piece

    do_GET = do_POST = _receive  # noqa: N815 - the names that the base class calls

    def _reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "text/plain; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Print nothing: `CallbackPrinter` does."""


def forward_url(base: str, target: str) -> str:
    """Return the URL to forward a request to: of a signed URL its purpose, token and query, else path and query."""
    path, mark, query = target.partition("?")
    parts = [part for part in path.split("/") if part]
    signed = len(parts) >= 2 and parts[-2] in received_callback.EVENT_NAMES.values()
    return base.rstrip("/") + "/" + "/".join(parts[-2:] if signed else parts) + mark + query


def _open_private(path: Path) -> TextIO:
    # Callbacks contain phone numbers: only the owner may read them.
    with writing(path):
        return os.fdopen(open_private(path, append=True), "a", encoding="utf-8")


def _replay(file: TextIO, forward: str, printer: CallbackPrinter) -> None:
    failed = False
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            received = received_callback.from_line(line)
        except ValueError:
            raise CommandError(_("line {number} is not one that --log wrote", number=number)) from None
        headers = {"content-type": received.content_type} if received.content_type else {}
        outcome = probe(received.method, forward_url(forward, received.target), headers, received.octets)
        printer.print_callback(received, outcome.error if outcome.status is None else outcome.status, None)
        failed |= outcome.status != 200
    if failed:
        raise click.exceptions.Exit(REJECTED)
