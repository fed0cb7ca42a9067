"""`xoxzo doctor`: diagnoses problems, and prints what to do about each. It sends no message."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from xoxzo.cloudpy.cli.core.click_base import json_option, make_command
from xoxzo.cloudpy.cli.core.configuration import HOST, LIVE, Destination, resolve
from xoxzo.cloudpy.cli.core.exit_codes import CREDENTIALS, DONE, REJECTED, CommandError
from xoxzo.cloudpy.cli.core.i18n import N_, _, ngettext, render_error
from xoxzo.cloudpy.cli.core.output.terminal import pad, wrap_at_terminal
from xoxzo.cloudpy.cli.core.output.values import to_json
from xoxzo.cloudpy.cli.core.session import check_exclusive, destination_options
from xoxzo.cloudpy.errors import ConfigurationError, SimulatorError

if TYPE_CHECKING:
    from xoxzo.cloudpy.cli.commands.doctor.checks import Finding

_INDENT, _NARROWEST = 18, 20
_MARKS = {"fine": ("✓", "green"), "note": ("!", "yellow"), "wrong": ("✗", "red"), "skipped": ("–", None)}
_CHECKS = (
    *(N_("Python"), N_("extras"), N_("configuration"), N_("terminal"), N_("simulator"), N_("destination")),
    *(N_("proxy"), N_("certificates"), N_("connection"), N_("clock"), N_("credentials")),
)
"""The titles of the checks."""
_TITLES = {title.lower(): title for title in _CHECKS}


@make_command("xoxzo doctor", "xoxzo doctor --profile shop", "xoxzo doctor --simulator --json")
@destination_options()
@click.option(
    "--timeout", default=10.0, show_default=True, type=click.FloatRange(0, 3600, min_open=True), help="Seconds to wait."
)
@json_option
def command(profile: str | None, *, simulator: bool, timeout: float, machine: bool) -> None:
    """Diagnose problems with Python, the network, the account, the clock or the configuration.

    Credentials are checked by a request for the balance. Nothing is sent, and nothing costs.

    Exits with 0 if there is no problem, 4 if only the credentials are wrong, and else 3.
    """
    check_exclusive(profile, simulator=simulator)
    findings = []
    for finding in run_checks(profile, simulator=simulator, timeout=timeout):
        findings.append(finding)
        if not machine:
            _print(finding)
    status = status_of(findings)
    if machine:
        shown = [finding._asdict() for finding in findings]
        shown = [fields | fields.pop("facts") for fields in shown]
        click.echo(to_json({"ok": status == 0, "exit": status, "checks": shown}))
    elif wrong := sum(finding.state == "wrong" for finding in findings):
        sentence = ngettext("One problem was found.", "{count} problems were found.", wrong)
        click.echo("\n" + click.style(sentence, fg="red", bold=True))
    else:
        click.echo("\n" + click.style(_("No problems were found."), fg="green", bold=True))
    if status:
        raise click.exceptions.Exit(status)


def run_checks(profile: str | None, *, simulator: bool, timeout: float) -> Iterator[Finding]:
    """Run all checks, the quick ones first, for a profile or this machine's simulator; `timeout` is in seconds."""
    from xoxzo.cloudpy.cli.commands.doctor import checks
    from xoxzo.cloudpy.client.configuration import configure

    reported = []
    for check in (checks.python, checks.extras, checks.configuration, checks.terminal, checks.simulators):
        reported.append(check())
        yield reported[-1]
    where: Destination | CommandError
    try:
        where = resolve(profile, simulator=simulator)
    except CommandError as failure:
        where = failure
    except SimulatorError as error:
        where = CommandError(render_error(error))
    base_url = (os.environ.get(HOST) or LIVE).rstrip("/") if isinstance(where, CommandError) else where.base_url
    is_reported = isinstance(where, CommandError) and any(each.message == where.message for each in reported)
    if simulator and isinstance(where, CommandError):  # none of the requests goes to the real service instead
        if not is_reported:
            yield checks.Finding("destination", "wrong", where.message, facts={"url": base_url})
        return
    try:
        configure(sid="-", auth_token="-", base_url=base_url, rate=None, app_info=None)  # noqa: S106 - no credentials
    except ConfigurationError as error:
        yield checks.Finding("destination", "wrong", render_error(error), facts={"url": base_url})
        return
    if isinstance(where, CommandError):
        sentence = _("not known; {url} is checked", url=base_url)
        yield checks.Finding("destination", "skipped", sentence, facts={"url": base_url})
    else:
        facts = {"url": base_url, "source": where.source}
        yield checks.Finding("destination", "fine", where.line.removeprefix("→ "), facts=facts)
    yield checks.proxy(base_url)
    yield checks.certificates(base_url)
    for finding in checks.account(where, base_url, timeout):
        if not (is_reported and finding.check == "credentials"):
            yield finding


def status_of(findings: list[Finding]) -> int:
    """Return the exit status: 0 when nothing is wrong, 4 when only the credentials are, else 3."""
    wrong = {finding.check for finding in findings if finding.state == "wrong"}
    return (CREDENTIALS if wrong == {"credentials"} else REJECTED) if wrong else DONE


def _print(finding: Finding) -> None:
    """Print a finding: a mark, the check's name, the message, and the advice."""
    mark, colour = _MARKS[finding.state]
    name = pad(_(_TITLES[finding.check]), _INDENT - 3)
    first, *more = wrap_at_terminal(finding.message, sys.stdout, indent=_INDENT, narrowest=_NARROWEST)
    click.echo(f"{click.style(mark, fg=colour)} {click.style(name, dim=True)} {first}")
    for line in more:
        click.echo(" " * _INDENT + line)
    for line in finding.advice:  # in one piece: it may be a command
        click.echo(f"{' ' * _INDENT}{click.style(line, fg=colour if finding.state == 'wrong' else None)}")
