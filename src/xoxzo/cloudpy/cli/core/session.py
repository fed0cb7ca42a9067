"""The common options of the API's commands, and the session made from them: destination, client and output.

With ``--dry-run`` the client shows each request and sends none.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from urllib.parse import parse_qsl

import click

from xoxzo.cloudpy.cli.core import configuration
from xoxzo.cloudpy.cli.core.click_base import CommonOption, add_options
from xoxzo.cloudpy.cli.core.configuration import LIVE, Destination, NoCredentials, complete_profile, resolve
from xoxzo.cloudpy.cli.core.exit_codes import INTERRUPTED, MAY_BE_SENT, OUTCOMES, CommandError, check_advice
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.output.values import Output

if TYPE_CHECKING:
    from xoxzo.cloudpy.client.client import Client
    from xoxzo.cloudpy.protocols import Attempt, Progress, Request, TimeBudget

F = TypeVar("F", bound="Callable[..., Any]")

DEFAULT_COUNTRY = "JP"
_NUMBERS = frozenset({"recipient", "phone_number", "participants", "caller"})


def destination_options(**attributes: Any) -> Callable[[F], F]:  # noqa: ANN401 - of a click option
    """Return a decorator that adds the options that select the account and the destination."""
    option = functools.partial(click.option, **attributes)
    named = "The account, from the configuration."
    return add_options(
        option("--profile", metavar="NAME", shell_complete=complete_profile, help=named),
        option("--simulator", is_flag=True, help="Use the simulator of this machine; start one if none runs."),
    )


_option = functools.partial(click.option, cls=CommonOption)
_TIMEOUT = "For each request, tries and waits included; 60 by default."
_ALWAYS = (
    destination_options(cls=CommonOption),
    _option("--json", "machine", is_flag=True, help="Write JSON: one object, or one a line."),
    _option("--show-numbers", is_flag=True, help="Show phone numbers unmasked."),
    _option("--timeout", type=float, metavar="SECONDS", help=_TIMEOUT),
    _option("--dry-run", is_flag=True, help="Show the request without sending it."),
)
_SENDING = (_option("--yes", is_flag=True, help="Do not ask for confirmation, whatever the cost."),)
_COMMON = ("profile", "simulator", "machine", "show_numbers", "timeout", "dry_run", "yes")


def api(*, sends: bool = False) -> Callable[[F], F]:
    """Add the common options to a command, and ``--yes`` if it `sends`; pass it a `Session` made from them."""

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def run(**given: Any) -> Any:  # noqa: ANN401 - click's options
            session = Session(**{name: given.pop(name) for name in _COMMON if name in given}, sends=sends)
            try:
                return function(session, **given)
            except KeyboardInterrupt:
                raise session.interrupted() from None

        return add_options(*_ALWAYS, *(_SENDING if sends else ()))(run)  # type: ignore[no-any-return]

    return decorate


@dataclass(kw_only=True, eq=False)
class Session:
    """One run of a command of the API, made from the common options."""

    profile: str | None = None
    simulator: bool = False
    machine: InitVar[bool] = False
    show_numbers: InitVar[bool] = False
    timeout: float | None = None
    """In seconds."""
    dry_run: bool = False
    yes: bool = False
    sends: bool = False
    """Whether the command reaches a person or costs credits."""
    out: Output = field(init=False)
    """Writes the results."""
    maybe_sent: str = field(default="", init=False)
    """The operation of a cancelled request that may have been carried out."""

    def __post_init__(self, machine: bool, show_numbers: bool) -> None:
        check_exclusive(self.profile, simulator=self.simulator)
        if self.timeout is not None and not self.timeout > 0:
            raise click.UsageError(_("--timeout must be more than 0 seconds."))
        self.out = Output(machine=machine, show_numbers=show_numbers)
        click.get_current_context().meta["machine"] = machine

    @cached_property
    def destination(self) -> Destination:
        """The destination of the requests; printed on standard error if that is a terminal.

        Raises:
            NoCredentials: there is none. The advice has this command with ``--simulator``.
        """
        # To show a request takes neither credentials nor a simulator.
        if self.dry_run and self.simulator:
            return Destination("http://127.0.0.1:8080", "-", "-", "simulator")
        try:
            found = resolve_destination(self.profile, simulator=self.simulator)
        except NoCredentials:
            if self.dry_run:
                return Destination(LIVE, "-", "-", "environment")
            raise
        self.out.note(found.line)
        return found

    def setting(self, name: str, kind: type | tuple[type, ...] = str) -> Any:  # noqa: ANN401 - of that kind
        """Return a setting of the profile, else of the configuration; ``None`` if there is none."""
        table = {} if self.simulator else self.destination.table
        return configuration.default(name, table, kind)

    @property
    def country(self) -> str:
        """The country of numbers without a country code: the configuration's, by default Japan."""
        return str(self.setting("country") or DEFAULT_COUNTRY)

    def follow(self, command: str) -> None:
        """Suggest the next command, given without ``xoxzo``, with the same destination."""
        where = " --simulator" if self.simulator else f" --profile {self.profile}" if self.profile else ""
        self.out.note(_("Next: {command}", command=f"xoxzo {command}{where}"))

    @cached_property
    def client(self) -> Client:
        """A client, open until the command ends; with ``--dry-run`` one that shows the requests and sends none."""
        # From this module: the package would import more than this client.
        from xoxzo.cloudpy.client.client import Client

        client = Client(
            **self.destination.client_options(),
            deadline=self.timeout,
            transport=_DryTransport(self.out) if self.dry_run else None,
            app_info="xoxzo-cli",
            on_event=self._on_attempt,
        )
        return click.get_current_context().with_resource(client)

    def interrupted(self) -> CommandError:
        """Return the error after Ctrl-C: whether something may have been sent."""
        if self.maybe_sent:
            message = _("Stopped, and what was being sent may be on its way.")
            return CommandError(message, _(check_advice(self.maybe_sent)), status=MAY_BE_SENT)
        return CommandError(_("Stopped."), status=INTERRUPTED)

    def _on_attempt(self, event: Attempt) -> None:
        if self.sends and (event.outcome == "ok" or event.maybe_sent):
            click.get_current_context().meta["sent"] = True
        if event.outcome == "cancelled":
            self.maybe_sent = event.operation if event.maybe_sent else ""
        if event.retry_in is not None:
            outcome, seconds = _(OUTCOMES.get(event.outcome, event.outcome)), f"{event.retry_in:.1f}"
            self.out.note(_("… {outcome}; trying again in {seconds} s", outcome=outcome, seconds=seconds))


def check_exclusive(profile: str | None, *, simulator: bool) -> None:
    """Raise a usage error if both ``--profile`` and ``--simulator`` were given."""
    if simulator and profile is not None:
        raise click.UsageError(_("--simulator and --profile exclude each other."))


def resolve_destination(profile: str | None, *, simulator: bool) -> Destination:
    """Choose the destination as `resolve` does; `NoCredentials` advises to use the same command with a simulator."""
    check_exclusive(profile, simulator=simulator)
    try:
        return resolve(profile, simulator=simulator)
    except NoCredentials as missing:
        advice = _("Or try it on this machine, where nothing is really sent:")
        missing.advice = (*missing.advice, advice, f"  {_typed_command()} --simulator")
        raise


def _typed_command() -> str:
    """Return the command line as it was typed, without ``--profile``, so that ``--simulator`` can be added."""
    import shlex

    words = iter(sys.argv[1:])
    typed = ["xoxzo"]
    for word in words:
        if word == "--profile":
            next(words, None)
        elif not word.startswith("--profile="):
            # Unlike shlex.quote alone this leaves Japanese as it is.
            typed.append(word if word.isalnum() else shlex.quote(word))
    return " ".join(typed)


class _DryTransport:
    """Shows a request on `out` instead of sending it, and ends the command."""

    def __init__(self, out: Output) -> None:
        self._out = out

    def send(self, request: Request, budget: TimeBudget, progress: Progress) -> NoReturn:
        """Show a request without credentials; numbers are masked unless they may be shown."""
        del budget, progress
        shown: dict[str, object] = {"event": "dry_run", "method": request.method, "url": request.url}
        if request.body:
            content_type = dict(request.headers).get("content-type", "")
            if "json" in content_type:
                import msgspec

                fields = dict(msgspec.json.decode(request.body))
            else:
                fields = dict(parse_qsl(request.body.decode("ascii")))
            body = {name: self._out.number(value) if name in _NUMBERS else value for name, value in fields.items()}
            shown |= {"content_type": content_type, "body": body}
        self._out.record(shown)
        raise RequestShown

    def close(self) -> None:
        """Do nothing: there is no connection."""


class RequestShown(click.exceptions.Exit):
    """The request was shown: the command ends with status 0."""
