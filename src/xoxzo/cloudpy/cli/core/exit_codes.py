"""Exit statuses; converting errors into a message, advice and an exit status; printing them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from xoxzo.cloudpy.cli.core.i18n import N_, _, render_error
from xoxzo.cloudpy.cli.core.output.terminal import visible, wrap_at_terminal

if TYPE_CHECKING:
    from xoxzo.cloudpy.errors import APIError, InvalidArgument

DONE = 0
"""All was done."""
USAGE = 2
"""The command line is invalid, or a value was refused before any request."""
REJECTED = 3
"""Xoxzo refused, or the result is negative: a failed message, an unanswered call, a wrong code, nothing found."""
CREDENTIALS = 4
"""No credentials, or wrong ones."""
THROTTLED = 5
"""Too many requests; nothing was done."""
NOT_SENT = 6
"""No response, and nothing was sent or changed: the command may be repeated."""
MAY_BE_SENT = 7
"""A message may be on its way, a phone may ring: check before you repeat the command."""
INTERRUPTED = 130
"""Ctrl-C, SIGTERM or SIGHUP, before anything was sent or after everything was."""

# From the least to the most severe: a command for several recipients exits with the most severe.
_SEVERITY = (DONE, USAGE, THROTTLED, NOT_SENT, REJECTED, CREDENTIALS, INTERRUPTED, MAY_BE_SENT)


def worst(*statuses: int) -> int:
    """Return the most severe of several exit statuses; "may have been sent" is the most severe of all."""
    return max(statuses, key=_SEVERITY.index, default=DONE)


class CommandError(Exception):
    """A command cannot continue."""

    def __init__(self, message: str, *advice: str, status: int = USAGE) -> None:
        super().__init__(message)
        self.message = message
        """Why, in the user's language."""
        self.advice = advice
        """What to do next, line by line."""
        self.status = status
        """The exit status."""

    def facts(self) -> dict[str, Any]:
        """Return what ``--json`` writes to standard error."""
        return {"error": {"exit": self.status, "message": self.message, "advice": list(self.advice)}}


def output_error(error: BaseException, *, sent: bool) -> CommandError:
    """Return the error for output that cannot be written; `sent`: whether a message may have been sent before."""
    why = getattr(error, "strerror", None) or error
    if sent:
        message = _("the output cannot be written ({why}); a part of the command was carried out.", why=why)
        return CommandError(message, _(_CHECK_FIRST), status=MAY_BE_SENT)
    return CommandError(_("the output cannot be written ({why}).", why=why), status=NOT_SENT)


def to_command_error(error: BaseException) -> CommandError | None:
    """Convert an error of the library; return ``None`` for any other."""
    from xoxzo.cloudpy import errors

    match error:
        case CommandError():
            return error
        case errors.InvalidArgument():
            return _invalid_argument(error)
        case errors.APIError():
            return APIFailure(error)
        case errors.ConfigurationError(code="no_credentials"):
            return CommandError(render_error(error), status=CREDENTIALS)
        case errors.SimulatorError():
            return CommandError(render_error(error), status=NOT_SENT)
    return CommandError(render_error(error)) if isinstance(error, errors.XoxzoError) else None


@contextmanager
def invalid_arguments_as_errors(*, nothing_sent: bool = False) -> Iterator[None]:
    """Convert ``InvalidArgument`` into ``CommandError``; `nothing_sent` adds to the message that nothing was sent."""
    from xoxzo.cloudpy.errors import InvalidArgument

    try:
        yield
    except InvalidArgument as error:
        failure = _invalid_argument(error)
        if nothing_sent:
            failure.message = _("{message}; nothing was sent.", message=failure.message)
        raise failure from None


def _invalid_argument(error: InvalidArgument) -> CommandError:
    advice = [_(_FIELD_ADVICE[error.field])] if error.field in _FIELD_ADVICE else []
    return CommandError(f"{error.field.replace('_', '-')}: {render_error(error)}", *advice)


@contextmanager
def writing(path: object) -> Iterator[None]:
    """Convert an ``OSError`` while a file is written into ``CommandError``."""
    try:
        yield
    except OSError as error:
        raise CommandError(_("{path} cannot be written: {why}", path=path, why=error.strerror or error)) from None


class APIFailure(CommandError):
    """An error response of the API, or none at all."""

    def __init__(self, error: APIError) -> None:
        self.error = error
        tries = _(", {attempts} attempts", attempts=error.attempts) if error.attempts > 1 else ""
        warning = " " + _("It may have been carried out all the same.") if error.maybe_sent else ""
        request = _("request {id}", id=error.request_id or "-")
        sentence = f"{error.operation}: {describe_api_error(error)} ({request}{tries}){warning}"
        status, advice = _judge(error)
        super().__init__(sentence, *advice, status=status)

    def facts(self) -> dict[str, Any]:
        """Add the attributes of the error, for programs."""
        names = ("operation", "status", "maybe_sent", "retry_after", "request_id")
        known = {"class": type(self.error).__name__} | {name: getattr(self.error, name, None) for name in names}
        return {"error": {**super().facts()["error"], **known}}


def describe_api_error(error: APIError) -> str:
    """Return why a request failed, in the user's language: the server's message, or why there was no response."""
    from xoxzo.cloudpy.errors import StatusError

    if not isinstance(error, StatusError):
        cause = error.__cause__
        return describe(error.reason, getattr(cause, "code", ""), getattr(cause, "proxy", ""))
    words = next((f", {line}" for line in _field_errors(error)), f", {error.detail}" if error.detail else "")
    return visible(_("status {status}", status=error.status) + words, lines=True)


def check_advice(operation: str) -> str:
    """Return what to do after an operation, such as ``sms.send``, that may have been carried out; not translated."""
    return _CHECK_ADVICE.get(operation.partition(".")[0], _CHECK_FIRST)


def _judge(error: APIError) -> tuple[int, list[str]]:
    """Return the exit status for an error of the API, and what to do next."""
    from xoxzo.cloudpy import errors

    found = (judged for kind, judged in _BY_CLASS.items() if isinstance(error, getattr(errors, kind)))
    status, line = next(found, (NOT_SENT, _NOTHING_DONE))
    if error.maybe_sent:
        status, line = MAY_BE_SENT, check_advice(error.operation)
    if isinstance(error, errors.TimedOut) and error.operation.endswith(".wait"):
        line = N_("It has not ended yet: give the same command again to continue waiting.")
    elif error.maybe_sent and error.reference is not None and error.operation in {"sms.send", "templates.send"}:
        line = N_("Check before you send again: xoxzo sms find {reference}")
    elif isinstance(error, errors.NotFound) and error.operation.startswith("sins.") and not error.maybe_sent:
        return status, [_("The service ended on 2024-04-30: what Xoxzo answers now is not known.")]
    seconds = f"{getattr(error, 'retry_after', None) or 1:g}"
    further = [] if error.maybe_sent else _field_errors(error)[1:]  # the first is in the error's message
    return status, [*further, *([_(line, seconds=seconds, reference=error.reference)] if line else [])]


def _field_errors(error: APIError) -> list[str]:
    from xoxzo.cloudpy.common.masking import mask_sentence

    fields = getattr(error, "field_errors", {})
    return [mask_sentence(f"{field}: {line}") for field, lines in fields.items() for line in lines]


_FIELD_ADVICE = {
    "template": N_("See its status: xoxzo template list. On a simulator, approve it yourself in the console."),
    "variables": N_("See what it names: xoxzo template show NUMBER"),
}
"""What to do about an invalid value, by its field."""
_CHECK_FIRST = N_("Check whether it was done before you try again.")
_CHECK_ADVICE = {
    "sms": N_("Check before you send again: xoxzo sms list"),
    "templates": N_("Check before you try again: xoxzo sms list, xoxzo template list"),
    "calls": N_("A phone may ring: ask there before you call again."),
    "conferences": N_("Phones may ring: ask there before you call again."),
    "dins": N_("Check whether you have the number: xoxzo din list"),
    "otp": N_("A code may be on its way: wait for it before you ask for another."),
    "lookup": N_("The look-up may have been charged."),
}
_NOTHING_DONE = N_("Nothing was sent or changed: the same command may be given again.")
_TEMPLATES_ONLY = N_(
    "Your account may not do this. Unless Xoxzo has approved free texts for it, it sends by "
    "templates: xoxzo template send"
)
_OFFLINE = N_("Nothing was sent: check the network, the proxy and the address (xoxzo doctor).")
_BY_CLASS = {
    "AuthenticationFailed": (CREDENTIALS, N_("Check the SID and the token: xoxzo doctor")),
    "NotEnoughCredits": (REJECTED, N_("Check the balance: xoxzo credits")),
    "PermissionDenied": (REJECTED, _TEMPLATES_ONLY),
    "NotFound": (REJECTED, N_("This id was not found. Ids differ between accounts.")),
    "RateLimited": (THROTTLED, N_("Wait {seconds} seconds and give the same command again.")),
    "ServerError": (NOT_SENT, _NOTHING_DONE),
    "StatusError": (REJECTED, ""),
    "ConnectionFailed": (NOT_SENT, _OFFLINE),
}
"""The exit status and the advice, by the class of an error after which surely nothing was sent."""
_MEANINGS = {
    "connection_refused": N_("nothing listens there"),
    "name_not_found": N_("there is no machine of this name"),
    "network_unreachable": N_("the network cannot reach it"),
    "certificate_not_trusted": N_("its certificate is not trusted"),
}
"""What the codes of a ``TransportFailure`` mean; any other is described by its reason."""
OUTCOMES = {
    "ConnectionFailed": N_("no connection"),
    "TimedOut": N_("no answer in time"),
    "ResponseLost": N_("the answer was lost"),
    "RateLimited": N_("too many requests"),
    "ServerError": N_("the server failed"),
}
"""The outcomes of attempts that are retried, by the class of the error."""


def describe(reason: str, code: str, proxy: str = "") -> str:
    """Return why there was no response, by the failure's code or reason; `proxy` is the source of a proxy's address."""
    if code not in _MEANINGS:
        return _(reason)
    why = _(_MEANINGS[code])
    if proxy:
        return _("no connection through the proxy that {name} names: {why}", name=proxy, why=why)
    return _("no connection: {why}", why=why)


def _print_json(ctx: click.Context | None, facts: dict[str, Any]) -> bool:
    """Print facts as JSON if the command was given ``--json``; return whether it was."""
    if ctx is None or not (ctx.params.get("machine") or ctx.meta.get("machine")):
        return False
    from xoxzo.cloudpy.cli.core.output.values import to_json

    click.echo(to_json(facts), err=True)
    return True


def print_warning(ctx: click.Context | None, warning: Warning) -> None:
    """Print a warning of the library."""
    text = str(to_command_error(warning) or warning)
    if not _print_json(ctx, {"warning": {"message": text}}):
        for line in wrap_at_terminal(_("Warning: {text}", text=visible(text)), sys.stderr):
            click.echo(line, err=True)


def print_error(ctx: click.Context, failure: CommandError) -> None:
    """Print why a command stopped, and what to do next."""
    if _print_json(ctx, failure.facts()):
        return
    who = f"{ctx.command_path}:"
    first, *more = wrap_at_terminal(f"{who} {visible(failure.message, lines=True)}", sys.stderr)
    click.echo(first.replace(who, click.style(who, fg="red"), 1), err=True)
    for line in (*more, *(f"  {visible(line)}" for line in failure.advice)):
        click.echo(line, err=True)
