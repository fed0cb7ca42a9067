"""`xoxzo callbacks`: sends reports again that a receiver has missed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import click

from xoxzo.cloudpy.callbacks import Callbacks
from xoxzo.cloudpy.callbacks.log.delivery_log import DeliveryLog
from xoxzo.cloudpy.callbacks.log.sqlite import SqliteStorage
from xoxzo.cloudpy.cli.core import click_base, exit_codes, http_probe, inputs, sending
from xoxzo.cloudpy.cli.core.i18n import _, ngettext
from xoxzo.cloudpy.cli.core.session import Session, api
from xoxzo.cloudpy.client.client import Client
from xoxzo.cloudpy.errors import InvalidArgument, NotFound
from xoxzo.cloudpy.models import Conference, Message
from xoxzo.cloudpy.operations import checks

COLUMNS = ("id", "status", "reference", "result")
_FORM = {"content-type": "application/x-www-form-urlencoded"}


class _Missed(NamedTuple):
    """What may have to be reported: its kind, id and reference; the record, if it is known already."""

    kind: str
    ident: str
    reference: str | None
    record: Message | None = None


def _parse_time(text: str) -> datetime:
    if not text.endswith("d") and (ago := inputs.parse_period(text)) is not None:
        return datetime.now(UTC) - timedelta(seconds=ago)
    day = inputs.parse_day(text)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@click_base.make_group(
    "xoxzo callbacks resend https://shop.example/xoxzo --sign --log deliveries.db --dry-run",
    "xoxzo callbacks resend https://shop.example/xoxzo --sign --since 3h",
    "xoxzo callbacks resend http://127.0.0.1:8000/xoxzo --simulator MSGID",
)
def command() -> None:
    """Send reports again that a receiver has missed."""


@command.subcommand(
    "resend",
    "xoxzo callbacks resend https://shop.example/xoxzo --sign --log deliveries.db --dry-run",
    "xoxzo callbacks resend https://shop.example/xoxzo --sign --since 3h",
    "xoxzo callbacks resend http://127.0.0.1:8000/xoxzo --simulator MSGID",
    short_help="Ask the API what became of messages and calls, and report it to a receiver.",
)
@click.argument("url")
@click.argument("idents", nargs=-1, metavar="[MSGID|CALLID]...")
@click.option(
    "--log", type=click.Path(exists=True, dir_okay=False), help="A delivery log: what has no final report yet."
)
@click.option(
    "--since",
    "begin",
    type=_parse_time,
    metavar="TIME",
    help="Only since then: 90m, 3h, 7d, or a day. Without --log: of the sent list.",
)
@click.option("--all", "everything", is_flag=True, help="With --log, also what has a final report already.")
@click.option("--sign", is_flag=True, help="URL is the public address: add a token signed with XOXZO_CALLBACK_SECRET.")
@api()
def resend(
    session: Session,
    url: str,
    idents: Sequence[str],
    log: str | None,
    begin: datetime | None,
    *,
    everything: bool,
    sign: bool,
) -> None:
    """Report to a receiver what it has missed, for instance while it was down.

    The API is asked for the present status of each message and call; a final one is posted to URL as Xoxzo posts it.
    The receiver ignores what it had before. The reference in a signed URL is the log's, or the only tag.

    Exits with 0 if all were answered with 200, 3 if one was answered otherwise, and 6 if there was no answer.
    """
    if not (idents or log or begin):
        raise click.UsageError(_("Give what to report: ids, --log FILE or --since TIME."))
    callbacks, url = (sending.signing_callbacks(url), url) if sign else (None, checks.url("url", url))
    posts, session.dry_run = not session.dry_run, False
    statuses = [exit_codes.DONE]

    def rows() -> Iterator[dict[str, Any]]:
        for missed in _missed(session.client, idents, log, begin, everything=everything):
            result, status = _report(session.client, missed, url, callbacks, posts=posts)
            statuses.append(status)
            shown = {"id": missed.ident, "reference": missed.reference}
            yield {name: (shown | result).get(name) for name in COLUMNS}
            if status == exit_codes.NOT_SENT:
                # The others would wait for an answer in vain, too.
                return

    count = session.out.table(rows(), COLUMNS)
    session.out.note(ngettext("{count} message or call", "{count} messages and calls", count))
    if status := exit_codes.worst(*statuses):
        raise click.exceptions.Exit(status)


def _missed(
    client: Client, idents: Sequence[str], log: str | None, begin: datetime | None, *, everything: bool
) -> Iterator[_Missed]:
    if log is not None:
        storage = SqliteStorage(Path(log))
        with DeliveryLog(storage):
            unseen = dict.fromkeys(idents)
            for entry in storage.updated_since(begin or datetime.fromtimestamp(0, UTC)):
                wanted = entry.ident in idents if idents else entry.ident and entry.kind != "incoming-sms"
                is_open = not entry.final or not all(note.done for note in entry.history)
                unseen.pop(entry.ident, None)
                if wanted and (everything or idents or is_open):
                    yield _Missed(entry.kind, entry.ident, entry.reference)
            yield from map(_by_ident, unseen)
    elif idents or begin is None:
        yield from map(_by_ident, idents)
    else:
        for message in client.sms.list(since=begin.date()):
            if message.sent_time is None or message.sent_time >= begin:
                yield _Missed("sms", message.msgid, None, message)


def _by_ident(ident: str) -> _Missed:
    return _Missed("call" if "-" in ident else "sms", ident, None)


def _report(
    client: Client, missed: _Missed, url: str, callbacks: Callbacks | None, *, posts: bool
) -> tuple[dict[str, Any], int]:
    """Post the report of one message or call; return what to show, and the exit status."""
    try:
        resource: Any = {"sms": client.sms, "conference": client.conferences}.get(missed.kind, client.calls)
        record = missed.record or resource.get(missed.ident)
    except (NotFound, InvalidArgument):
        return {"result": _("unknown to the API")}, exit_codes.REJECTED
    purpose = "delivery-report" if missed.kind == "sms" else "call-ended"
    shown: dict[str, Any] = {}
    tags: tuple[str, ...] = ()
    if isinstance(record, Conference):
        is_final = record.end_time is not None
    else:
        shown, is_final, tags = {"status": record.status}, record.status.is_final, record.tags
    if not is_final:
        return shown | {"result": _("not final yet")}, exit_codes.DONE
    if missed.reference is None and len(tags) > 1:
        return shown | {"result": _("several tags: needs --log")}, exit_codes.REJECTED
    reference = missed.reference if missed.reference is not None else next(iter(tags), None)
    shown["reference"] = reference
    target = url if callbacks is None else callbacks.url(purpose, reference)
    if not posts:
        return shown | {"result": _("would be reported")}, exit_codes.DONE
    outcome = http_probe.probe("POST", target, _FORM, _form(record.raw))
    if outcome.status is None:
        return shown | {"result": exit_codes.describe(outcome.error, outcome.code)}, exit_codes.NOT_SENT
    return shown | {"result": outcome.status}, exit_codes.DONE if outcome.status == 200 else exit_codes.REJECTED


def _form(raw: dict[str, Any]) -> bytes:
    """Encode a record as Xoxzo posts it (API section 15.60): a form, with lists joined by commas."""
    lists = {name: value for name, value in raw.items() if isinstance(value, list)}
    joined = {name: ",".join(value) for name, value in lists.items() if all(isinstance(each, str) for each in value)}
    return urlencode({k: v for k, v in (raw | joined).items() if isinstance(v, str | int | float)}).encode()
