"""What every command of the API has: its common options, and from them a client, an output and a question to ask."""

from __future__ import annotations

import functools
import sys
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import click

from xoxzo.cloudpy.cli.core import completion_values
from xoxzo.cloudpy.cli.core.click_base import CommonOption
from xoxzo.cloudpy.cli.core.config import config_file
from xoxzo.cloudpy.cli.core.config.profiles import LIVE, Destination, NoCredentials, resolve
from xoxzo.cloudpy.cli.core.exit_codes import INTERRUPTED, MAY_BE_SENT, CommandError
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.output.results import Output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xoxzo.cloudpy.client.client import Client
    from xoxzo.cloudpy.protocols import Attempt

F = TypeVar("F", bound="Callable[..., Any]")

DEFAULT_COUNTRY = "JP"
_SHELL_SAFE = frozenset("-_./:=@%+,")

_ALWAYS = (
    click.option(
        "--profile",
        cls=CommonOption,
        metavar="NAME",
        shell_complete=completion_values.profiles,
        help="The account, from the configuration.",
    ),
    click.option(
        "--simulator", is_flag=True, cls=CommonOption, help="Use the simulator of this machine; start one if none runs."
    ),
    click.option("--json", "machine", is_flag=True, cls=CommonOption, help="Write JSON: one object, or one a line."),
    click.option("--show-numbers", is_flag=True, cls=CommonOption, help="Show phone numbers unmasked."),
    click.option(
        "--timeout",
        type=float,
        metavar="SECONDS",
        cls=CommonOption,
        help="For each request, tries and waits included; 60 by default.",
    ),
    click.option("--dry-run", is_flag=True, cls=CommonOption, help="Show the request without sending it."),
)
_SENDING = (
    click.option("--yes", is_flag=True, cls=CommonOption, help="Do not ask for confirmation, whatever the cost."),
)


def api(*, sends: bool = False) -> Callable[[F], F]:
    """Give a command the common options, and hand it a `Session` as its first argument in their place.

    Args:
        sends: it reaches a person or costs credits, so that there may be a question, and ``--yes`` against it.
    """

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def run(**given: Any) -> Any:  # noqa: ANN401 - click's options
            common = {
                name: given.pop(name)
                for name in ("profile", "simulator", "machine", "show_numbers", "timeout", "dry_run")
            }
            session = Session(**common, yes=given.pop("yes", False), sends=sends)
            try:
                return function(session, **given)
            except KeyboardInterrupt:
                raise session.interrupted() from None

        done: Any = run
        for option in reversed((*_ALWAYS, *(_SENDING if sends else ()))):
            done = option(done)
        return done  # type: ignore[no-any-return]

    return decorate


class Session:
    """One run of a command of the API.

    Args:
        profile: what ``--profile`` says.
        simulator: ``--simulator``.
        machine: ``--json``.
        show_numbers: ``--show-numbers``.
        timeout: ``--timeout``, in seconds.
        dry_run: ``--dry-run``.
        yes: ``--yes``.
        sends: whether the command reaches a person or costs credits.

    Attributes:
        out: where results are written.
    """

    def __init__(
        self,
        *,
        profile: str | None = None,
        simulator: bool = False,
        machine: bool = False,
        show_numbers: bool = False,
        timeout: float | None = None,
        dry_run: bool = False,
        yes: bool = False,
        sends: bool = False,
    ) -> None:
        if simulator and profile is not None:
            raise click.UsageError(_("--simulator and --profile exclude each other."))
        if timeout is not None and not timeout > 0:
            raise click.UsageError(_("--timeout must be more than 0 seconds."))
        self._profile = profile
        self._simulator = simulator
        self._timeout = timeout
        self.sends = sends
        self.dry_run = dry_run
        self.yes = yes
        self.out = Output(machine=machine, show_numbers=show_numbers)
        self.maybe_sent = False
        click.get_current_context().meta["machine"] = machine

    @cached_property
    def destination(self) -> Destination:
        """Where the requests go; said on standard error where that is a terminal.

        Raises:
            NoCredentials: nobody knows. What is shown to a person who wanted to send has the simulator's command in it.
        """
        if self.dry_run and self._simulator:
            return _dry_run_destination("http://127.0.0.1:8080")
        try:
            found = resolve(self._profile, simulator=self._simulator)
        except NoCredentials as missing:
            if self.dry_run:
                return _dry_run_destination(LIVE)
            missing.advice = (
                *missing.advice,
                _("Or try it on this machine, where nothing is really sent:"),
                f"  {command_with_simulator()} --simulator",
            )
            raise
        self.out.note(found.line)
        return found

    def announce(self) -> None:
        """Say where requests go before anything else is said of them.

        Raises:
            NoCredentials: nobody knows.
        """
        self.destination  # noqa: B018 - the property prints it

    def setting(self, name: str, kind: type | tuple[type, ...] = str) -> Any:  # noqa: ANN401 - of that kind
        """Return a default of the profile, or of the whole configuration; ``None`` where there is none."""
        table = {} if self._simulator else self.destination.table
        return config_file.default(name, table, kind)

    @property
    def country(self) -> str:
        """Where numbers without a country code belong: Japan unless the configuration says otherwise."""
        return str(self.setting("country") or DEFAULT_COUNTRY)

    def follow(self, command: str) -> None:
        """Tell a person what may be typed next; it goes where this command went.

        Args:
            command: without ``xoxzo`` in front.
        """
        where = " --simulator" if self._simulator else f" --profile {self._profile}" if self._profile else ""
        self.out.note(_("Next: {command}").format(command=f"xoxzo {command}{where}"))

    @contextmanager
    def client(self) -> Iterator[Client]:
        """Open a client; with ``--dry-run`` one that shows what it would have sent."""
        # From this module and not from the package, whose door would import the rest for its type alone.
        from xoxzo.cloudpy.client.client import Client

        where = self.destination
        transport = None
        if self.dry_run:
            from xoxzo.cloudpy.cli.core.sending.dry_run import DryTransport

            transport = DryTransport(self.out)
        with Client(
            sid=where.sid,
            auth_token=where.auth_token,
            base_url=where.base_url,
            deadline=self._timeout,
            allowed_recipients=self._allowed(),
            transport=transport,
            app_info="xoxzo-cli",
            on_event=self._on_attempt,
        ) as client:
            yield client

    def _allowed(self) -> list[str] | None:
        found = None if self._simulator else config_file.default("allowed_recipients", self.destination.table, list)
        return [str(each) for each in found] if found is not None else None

    def interrupted(self) -> CommandError:
        """Say what Ctrl-C has left behind."""
        if self.maybe_sent:
            advice = _("Check before you send again: xoxzo sms list")
            return CommandError(_("Stopped, and what was being sent may be on its way."), advice, status=MAY_BE_SENT)
        return CommandError(_("Stopped."), status=INTERRUPTED)

    def _on_attempt(self, event: Attempt) -> None:
        if self.sends and (event.outcome == "ok" or event.maybe_sent):
            click.get_current_context().meta["sent"] = True
        if event.outcome == "cancelled":
            self.maybe_sent = event.maybe_sent
        if event.retry_in is not None:
            from xoxzo.cloudpy.cli.core.connection_errors import describe_outcome

            went, seconds = describe_outcome(event.outcome), f"{event.retry_in:.1f}"
            self.out.note(_("… {outcome}; trying again in {seconds} s").format(outcome=went, seconds=seconds))


def command_with_simulator() -> str:
    """Return the command as it was typed, to be typed again with ``--simulator``: without a profile."""
    words = iter(sys.argv[1:])
    kept = []
    for word in words:
        if word == "--profile":
            next(words, None)
        elif not word.startswith("--profile="):
            kept.append(_quoted(word))
    return " ".join(["xoxzo", *kept])


def _quoted(word: str) -> str:
    # Unlike shlex.quote this leaves Japanese as it is.
    if word and all(character.isalnum() or character in _SHELL_SAFE for character in word):
        return word
    return "'" + word.replace("'", "'\"'\"'") + "'"


def _dry_run_destination(address: str) -> Destination:
    """Stand for a destination where a request is only shown: no credentials, no simulator are needed for that."""
    return Destination(address, "-", "-", "environment")
