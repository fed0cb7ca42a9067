"""Exit statuses, and how whatever goes wrong becomes one of them and a sentence that says what to do next."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from xoxzo.cloudpy.cli.core.i18n import N_, _, render_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xoxzo.cloudpy.errors import APIError, StatusError

DONE = 0
"""All was done."""
USAGE = 2
"""The command was not understood, or a value was refused before anything was asked."""
REJECTED = 3
"""Xoxzo refused, or it did not end well: a failed message, an unanswered call, a wrong code, nothing found."""
CREDENTIALS = 4
"""No credentials, or wrong ones."""
THROTTLED = 5
"""Too many requests; nothing was done."""
NOT_SENT = 6
"""No answer, and surely nothing was sent or changed: the same command may be given again."""
MAY_BE_SENT = 7
"""A message may be on its way, a phone may ring: look before you try again."""
INTERRUPTED = 130
"""Ctrl-C, before anything was sent or after everything was."""

# The worse comes later: what a command for several recipients ends with.
_SEVERITY = (DONE, USAGE, THROTTLED, NOT_SENT, REJECTED, CREDENTIALS, INTERRUPTED, MAY_BE_SENT)


def worst(*statuses: int) -> int:
    """Return the gravest of several exit statuses; what may be sent is graver than everything."""
    return max(statuses, key=_SEVERITY.index, default=DONE)


class CommandError(Exception):
    """A command cannot go on.

    Attributes:
        status: what the program ends with.
        message: why, in the reader's language.
        advice: what to do next, line by line.
    """

    def __init__(self, message: str, *advice: str, status: int = USAGE) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.status = status

    def facts(self) -> dict[str, Any]:
        """Return what ``--json`` writes to standard error."""
        return {"error": {"exit": self.status, "message": self.message, "advice": list(self.advice)}}


def output_error(error: BaseException, *, sent: bool) -> CommandError:
    """Return the error of a command whose output cannot be written.

    Args:
        error: what the operating system reported.
        sent: whether a message may have been sent, or a phone called, before.
    """
    why = getattr(error, "strerror", None) or error
    if sent:
        message = _("the output cannot be written ({why}); a part of the command was carried out.").format(why=why)
        return CommandError(message, _(_CHECK_FIRST), status=MAY_BE_SENT)
    return CommandError(_("the output cannot be written ({why}).").format(why=why), status=NOT_SENT)


def to_command_error(error: BaseException) -> CommandError | None:
    """Say an error of the library as a refusal; ``None`` for what is none of its errors."""
    from xoxzo.cloudpy.errors import APIError, ConfigurationError, InvalidArgument, SimulatorError, XoxzoError

    if isinstance(error, CommandError):
        return error
    if isinstance(error, InvalidArgument):
        advice = [_(_FIELD_ADVICE[error.field])] if error.field in _FIELD_ADVICE else []
        return CommandError(f"{error.field.replace('_', '-')}: {render_error(error)}", *advice)
    if isinstance(error, APIError):
        return _APIFailure(error)
    if isinstance(error, ConfigurationError):
        missing = error.code == "no_credentials"
        return CommandError(render_error(error), status=CREDENTIALS if missing else USAGE)
    if isinstance(error, SimulatorError):
        return CommandError(render_error(error), status=NOT_SENT)
    return CommandError(render_error(error)) if isinstance(error, XoxzoError) else None


@contextmanager
def invalid_arguments_as_errors(*, nothing_sent: bool = False) -> Iterator[None]:
    """Say what breaks a rule of the library, before any network, as a refusal.

    Args:
        nothing_sent: whether that is worth saying.
    """
    from xoxzo.cloudpy.errors import InvalidArgument

    try:
        yield
    except InvalidArgument as error:
        failure = to_command_error(error)
        advice = failure.advice if failure is not None else ()
        message = str(failure) if nothing_sent is False else _("{message}; nothing was sent.").format(message=failure)
        raise CommandError(message, *advice) from None


class _APIFailure(CommandError):
    """An answer of the API that was no success, or none at all."""

    def __init__(self, error: APIError) -> None:
        self.error = error
        super().__init__(_sentence(error), *_advice(error), status=status_of(error))

    def facts(self) -> dict[str, Any]:
        """Add what a program may want to know of the error."""
        error = self.error
        known = {
            "class": type(error).__name__,
            "operation": error.operation,
            "status": getattr(error, "status", None),
            "maybe_sent": error.maybe_sent,
            "retry_after": getattr(error, "retry_after", None),
            "request_id": error.request_id,
        }
        return {"error": {**super().facts()["error"], **known}}


def status_of(error: APIError) -> int:
    """Return the exit status for an error of the API."""
    from xoxzo.cloudpy import errors

    if error.maybe_sent:
        return MAY_BE_SENT
    if isinstance(error, errors.AuthenticationFailed):
        return CREDENTIALS
    if isinstance(error, errors.RateLimited):
        return THROTTLED
    failure = isinstance(error, errors.StatusError) and not isinstance(error, errors.ServerError)
    return REJECTED if failure else NOT_SENT


def describe_api_error(error: APIError) -> str:
    """Return why a request failed, in the reader's language: the server's own words, or why there was no answer."""
    from xoxzo.cloudpy.cli.core.connection_errors import describe
    from xoxzo.cloudpy.errors import StatusError

    if not isinstance(error, StatusError):
        cause = error.__cause__
        return describe(error.reason, getattr(cause, "code", ""), getattr(cause, "proxy", ""))
    words = next((f", {line}" for line in _field_errors(error)), f", {error.detail}" if error.detail else "")
    return _("status {status}").format(status=error.status) + words


def _sentence(error: APIError) -> str:
    """Say an error in the reader's language, with the words of the server where it has said any."""
    sentence = describe_api_error(error)
    tries = _(", {attempts} attempts").format(attempts=error.attempts) if error.attempts > 1 else ""
    doubt = " " + _("It may have been carried out all the same.") if error.maybe_sent else ""
    return f"{error.operation}: {sentence} ({_('request {id}').format(id=error.request_id or '-')}{tries}){doubt}"


def _advice(error: APIError) -> list[str]:
    from xoxzo.cloudpy import errors

    if isinstance(error, errors.TimedOut) and error.operation.endswith(".wait"):
        return [_("It is not over yet: give the same command again to go on waiting.")]
    if error.maybe_sent:
        look = _(_CHECK_ADVICE.get(error.operation.partition(".")[0], _CHECK_FIRST))
        if error.reference is not None and error.operation in {"sms.send", "templates.send"}:
            look = _("Check before you send again: xoxzo sms find {reference}").format(reference=error.reference)
        return [look]
    if isinstance(error, errors.NotFound) and error.operation.startswith("sins."):
        return [_("The service ended on 2024-04-30: what Xoxzo answers now is not known.")]
    for kind, line in _CLASS_ADVICE.items():
        if isinstance(error, getattr(errors, kind)):
            return [
                *_further_field_errors(error),
                _(line).format(seconds=f"{getattr(error, 'retry_after', None) or 1:g}"),
            ]
    if isinstance(error, errors.StatusError):
        return _further_field_errors(error)
    return [_("Nothing was sent or changed: the same command may be given again.")]


def _further_field_errors(error: StatusError | APIError) -> list[str]:
    """Return the server's objections beyond the first, which stands in the error's own sentence."""
    return _field_errors(error)[1:]


def _field_errors(error: APIError) -> list[str]:
    from xoxzo.cloudpy.common.masking import mask_sentence

    fields = getattr(error, "field_errors", {})
    return [mask_sentence(f"{field}: {line}") for field, lines in fields.items() for line in lines]


_FIELD_ADVICE = {
    "template": N_("See how it stands: xoxzo template list. On a simulator you approve it yourself, on its page."),
    "variables": N_("See what it names: xoxzo template show NUMBER"),
}
"""What to do about a value that breaks a rule, by its field."""
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
_CLASS_ADVICE = {
    "AuthenticationFailed": N_("Check the SID and the token: xoxzo doctor"),
    "NotEnoughCredits": N_("Check the balance: xoxzo credits"),
    "PermissionDenied": N_(
        "Your account may not do this. Unless Xoxzo has approved free texts for it, it sends by "
        "templates: xoxzo template send"
    ),
    "NotFound": N_("This id was not found. Ids differ between accounts."),
    "RateLimited": N_("Wait {seconds} seconds and give the same command again."),
    "ServerError": N_("Nothing was sent or changed: the same command may be given again."),
    "ConnectionFailed": N_("Nothing was sent: look at the network, the proxy and the address (xoxzo doctor)."),
}
