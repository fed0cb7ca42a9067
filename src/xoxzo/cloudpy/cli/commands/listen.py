"""`xoxzo listen`: shows the callbacks of Xoxzo or the simulator."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TextIO

import click

# Imported here so that the table of commands reports a missing extra, in one line.
import itsdangerous  # noqa: F401
import msgspec

from xoxzo.cloudpy.callbacks import Callbacks, Event, IncomingCall
from xoxzo.cloudpy.callbacks.events import Purpose, parse_body, parse_event, parse_form
from xoxzo.cloudpy.cli.core.click_base import json_option, make_command
from xoxzo.cloudpy.cli.core.exit_codes import REJECTED, CommandError, writing
from xoxzo.cloudpy.cli.core.http_probe import probe
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.inputs import URL
from xoxzo.cloudpy.cli.core.output.terminal import visible
from xoxzo.cloudpy.cli.core.output.values import to_json
from xoxzo.cloudpy.cli.core.sending import signing_callbacks
from xoxzo.cloudpy.common import masking, signals, user_files
from xoxzo.cloudpy.errors import CallbackRejected

DEFAULT_PORT = 8099
"""The default port."""
_MAX_BODY_BYTES = 1_000_000
_TIMEOUT_SECONDS = 10.0
_COLOURS = {"DELIVERED": "green", "ANSWERED": "green", "FAIL": "red", "FAILED": "red", "NO ANSWER": "yellow"}
# The fields that fit a line; --json writes all.
_SHOWN = ("status", "reason", "reference", "recipient", "caller", "sender", "message", "link", "duration", "cost")
_IDS = ("msgid", "callid", "conferenceid")
_NUMBERS = ("recipient", "caller", "sender")
_OMITTED = {"raw", "reference"}
_NOT_FORWARDED = {"host", "connection", "content-length", "transfer-encoding", "keep-alive", "accept-encoding"}
_EVENT_NAMES = {
    "DeliveryReport": Purpose.DELIVERY_REPORT,
    "CallEnded": Purpose.CALL_ENDED,
    "LinkClicked": Purpose.LINK_CLICKED,
    "IncomingCall": Purpose.INCOMING_CALL,
    "IncomingSMS": Purpose.INCOMING_SMS,
}
"""The name of each class of callbacks, as in signed URLs."""


def _check_answer(_ctx: click.Context, _parameter: click.Parameter, line: str) -> str:
    """Return the line if the simulator, which reads it as Xoxzo does, can act by it."""
    from xoxzo.cloudpy.simulator.engine import rules

    try:
        rules.parse_answer(line.encode("utf-8", "surrogateescape"))
    except rules.ActionError as error:
        [reason] = error.args
        raise click.BadParameter(_(getattr(reason, "template", reason), **getattr(reason, "values", {}))) from None
    return line


@make_command(
    "xoxzo listen",
    "xoxzo listen --port 9000 --forward http://127.0.0.1:8000/xoxzo --log received.jsonl",
    "xoxzo listen --replay received.jsonl --forward http://127.0.0.1:8000/xoxzo",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=DEFAULT_PORT, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free port."
)
@click.option("--forward", type=URL, help="Send each request on to this address, and answer what it answers.")
@click.option(
    "--log", type=click.Path(dir_okay=False, path_type=Path), help="Add each request to this file, to replay it."
)
@click.option(
    "--replay", type=click.File(encoding="utf-8"), help="Send the requests of such a file to --forward; exit."
)
@click.option(
    "--answer",
    default='say en "Hello"',
    show_default=True,
    callback=_check_answer,
    help="The line that answers an incoming call.",
)
@click.option("--verify", is_flag=True, help="Accept only URLs signed with XOXZO_CALLBACK_SECRET.")
@click.option("--show-content", is_flag=True, help="Show phone numbers and texts unmasked.")
@json_option
def command(
    host: str, port: int, *, forward: str | None, log: Path | None, replay: TextIO | None, verify: bool, **given: Any
) -> None:
    """Receive callbacks on a port of this machine and show them as they arrive.

    Without --verify all requests are shown, from any sender. Each is answered with 200, or with what --forward answers;
    an incoming call with the line of --answer. Stop it with Ctrl-C.
    """
    listener = _Listener(**given, forward=forward)
    if replay is not None:
        if forward is None:
            raise click.UsageError(_("--replay needs --forward, the URL to send to."))
        _replay(replay, forward, listener)
        return
    with ExitStack() as stack:
        stopped = stack.enter_context(signals.stop_signals())
        if log is not None:
            # Callbacks contain phone numbers: only the owner may read them.
            with writing(log):
                file = os.fdopen(user_files.open_private(log, append=True), "a", encoding="utf-8")
            listener.file = stack.enter_context(file)
        if verify:
            listener.callbacks = signing_callbacks("http://localhost")
        try:
            server = _Server(host, port, listener)
        except (OSError, TypeError) as error:  # TypeError: a name that IDNA refuses
            why = getattr(error, "strerror", None) or error
            why = _("cannot listen on {host} port {port}: {why}", host=host, port=port, why=why)
            raise CommandError(why, _("Take another port: --port 0 finds a free one.")) from None
        with server:
            url = f"http://{f'[{host}]' if ':' in host else host}:{server.server_address[1]}"
            listener.write({"event": "listening", "url": url} if listener.machine else _("Listening on {url}", url=url))
            while not stopped(0.0):
                server.handle_request()


class ReceivedCallback(msgspec.Struct, frozen=True, kw_only=True):
    """A request received at a time in UTC, and a line of the log file; its body has surrogates for what is no UTF-8."""

    at: datetime
    method: str
    target: str
    content_type: str = ""
    body: str = ""

    @property
    def octets(self) -> bytes:
        """The body as bytes."""
        return self.body.encode("utf-8", "surrogateescape")

    def event(self, callbacks: Callbacks | None) -> Event:
        """Parse the callback, verified by `callbacks` if given, or raise `CallbackRejected`."""
        if callbacks is not None:
            return callbacks.receive(self.method, self.target, {"content-type": self.content_type}, self.octets)
        if self.method == "GET":
            fields = parse_form(self.target.partition("?")[2], errors="replace")
            return parse_event(Purpose.INCOMING_CALL, None, fields)
        fields = parse_body(self.content_type, self.octets)
        return parse_event(_purpose(fields), None, fields)

    def to_line(self) -> str:
        """Return the request as a line of the log file."""
        # msgspec writes no surrogates, which stand for bytes that are not UTF-8.
        return json.dumps({**msgspec.structs.asdict(self), "at": self.at.isoformat()})

    @classmethod
    def from_line(cls, line: str) -> ReceivedCallback:
        """Read a line of the log file; raise ``ValueError`` if it is not one."""
        try:
            return msgspec.convert(json.loads(line), cls)
        except (msgspec.ValidationError, RecursionError) as error:
            raise ValueError(str(error)) from None


def _purpose(fields: dict[str, Any]) -> Purpose:
    if "callid" in fields or "conferenceid" in fields:
        return Purpose.CALL_ENDED
    tracking = fields.get("link_tracking")
    if "shortlink" in fields or (isinstance(tracking, dict) and tracking.get("accessed")):
        return Purpose.LINK_CLICKED
    if "msgid" in fields:
        return Purpose.DELIVERY_REPORT
    if {"message", "text", "body"} & fields.keys():
        return Purpose.INCOMING_SMS
    raise CallbackRejected("the request is not a callback: no field identifies a message or a call")


class _Listener(msgspec.Struct, kw_only=True):
    """Answers callbacks and prints them: as JSON, one object a line, if `machine`; unmasked if `show_content`."""

    machine: bool
    show_content: bool
    answer: str
    forward: str | None
    file: TextIO | None = None
    callbacks: Callbacks | None = None
    lock: threading.Lock = msgspec.field(default_factory=threading.Lock)

    def respond(self, received: ReceivedCallback, headers: dict[str, str]) -> tuple[int, bytes]:
        """Store, forward and print a request; return the status and body of the response."""
        if self.file is not None:
            with self.lock:
                self.file.write(received.to_line() + "\n")
                self.file.flush()
        shown: int | str
        if self.forward is not None:
            outcome = probe(received.method, forward_url(self.forward, received.target), headers, received.octets)
            shown, status, body = outcome.status or outcome.error, outcome.status or 502, outcome.body
        else:
            shown, body = 200, b""
            try:
                if isinstance(received.event(self.callbacks), IncomingCall):
                    body = self.answer.encode()
            except CallbackRejected as error:
                # Without --verify the response is 200, so that the sender does not retry.
                shown = 200 if self.callbacks is None else error.status
            status = shown
        self.show(received, shown)
        return status, body

    def show(self, received: ReceivedCallback, status: int | str) -> None:
        """Print a request, and the status of the response or why there was none."""
        try:
            event = received.event(self.callbacks)
            name, facts = str(_EVENT_NAMES[type(event).__name__]), self._fields(event)
        except CallbackRejected as error:
            name, facts = "refused", {"reason": error.reason}
        if self.machine:
            self.write({"event": name, "at": _stamp(received.at), "answered": status, **facts})
            return
        words = [received.at.strftime("%H:%M:%S"), click.style(f"{name:<15}", bold=True)]
        for key in (key for key in _SHOWN if key in facts):
            shown = visible(facts[key])
            coloured = click.style(shown, fg=_COLOURS.get(shown))
            words.append(coloured if key == "status" else f"{click.style(key, dim=True)} {shown}")
        words += [f"[{visible(facts[key])[:8]}]" for key in _IDS if key in facts]
        good = status == 200
        words.append(click.style(f"→ {status}", fg=None if good else "red", dim=good))
        self.write("  ".join(words))

    def write(self, content: dict[str, Any] | str) -> None:
        """Write a line, or an object as JSON."""
        line = content if isinstance(content, str) else to_json(content)
        # A closed pipe, or an encoding without Japanese, must not stop a callback.
        with self.lock, suppress(OSError, ValueError):
            click.echo(line)
            sys.stdout.flush()

    def _fields(self, event: Event) -> dict[str, Any]:
        """Return the fields of a callback that are not empty."""
        fields: dict[str, Any] = {} if event.reference is None else {"reference": event.reference}
        for name in event.__struct_fields__:
            value = getattr(event, name)
            if name in _OMITTED or value in (None, "", 0, ()):
                continue
            if name in _NUMBERS and not self.show_content:
                fields[name] = masking.mask_digits(value)
            elif name == "message" and not self.show_content:
                fields[name] = "…"
            elif isinstance(value, datetime):
                fields[name] = _stamp(value)
            else:
                fields[name] = value if isinstance(value, int | str | tuple) else str(value)
        return fields


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    timeout = 0.1
    """Seconds until `handle_request` returns without a request."""

    def __init__(self, host: str, port: int, listener: _Listener) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = listener
        super().__init__((host, port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    """Handles one request for each connection."""

    server: _Server
    timeout = _TIMEOUT_SECONDS

    def _receive(self) -> None:
        chunked = self.headers.get("transfer-encoding", "").strip().lower() == "chunked"
        body = self._read_chunks() if chunked else self._read(self.headers.get("content-length", "0"), 10)
        if body is None:
            return
        received = ReceivedCallback(
            at=datetime.now(UTC),
            method=self.command,
            target=self.path,
            content_type=self.headers.get("content-type", ""),
            body=body.decode("utf-8", "surrogateescape"),
        )
        passed = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_FORWARDED}
        self._reply(*self.server.listener.respond(received, passed))

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
        """Print nothing: the listener does."""


def forward_url(base: str, target: str) -> str:
    """Return the URL to forward a request to: of a signed URL its purpose, token and query, else path and query."""
    path, mark, query = target.partition("?")
    parts = [part for part in path.split("/") if part]
    signed = len(parts) >= 2 and parts[-2] in list(Purpose)
    return base.rstrip("/") + "/" + "/".join(parts[-2:] if signed else parts) + mark + query


def _replay(file: TextIO, forward: str, listener: _Listener) -> None:
    failed = False
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            received = ReceivedCallback.from_line(line)
        except ValueError:
            raise CommandError(_("line {number} is not one that --log wrote", number=number)) from None
        headers = {"content-type": received.content_type} if received.content_type else {}
        outcome = probe(received.method, forward_url(forward, received.target), headers, received.octets)
        listener.show(received, outcome.status or outcome.error)
        failed |= outcome.status != 200
    if failed:
        raise click.exceptions.Exit(REJECTED)
