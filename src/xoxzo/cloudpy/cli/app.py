"""The table of commands. Each is imported when it is run: `xoxzo --help` loads none of them."""

from __future__ import annotations

import click

from xoxzo.cloudpy.cli.core.click_base import CommandEntry, Group, examples
from xoxzo.cloudpy.common.version import __version__

_COMMANDS = "xoxzo.cloudpy.cli.commands."
_TELEPHONY = _COMMANDS + "telephony."

COMMANDS = {
    "sms": CommandEntry(_TELEPHONY + "sms", "Send SMS, and follow them."),
    "template": CommandEntry(_TELEPHONY + "template", "Write, try and send SMS templates."),
    "otp": CommandEntry(_TELEPHONY + "otp", "Send one-time passwords, and check them."),
    "call": CommandEntry(_TELEPHONY + "call", "Ring a phone: play an mp3 or speak a text."),
    "conference": CommandEntry(_TELEPHONY + "conference", "Ring two or three phones and join them."),
    "din": CommandEntry(_TELEPHONY + "numbers:din", "Dial-in numbers: find, subscribe, set what answers, release."),
    "sin": CommandEntry(_TELEPHONY + "numbers:sin", "Numbers that took SMS; the service ended in 2024."),
    "lookup": CommandEntry(_TELEPHONY + "lookup", "Ask which carrier a number belongs to."),
    "credits": CommandEntry(_TELEPHONY + "credits", "Show the balance."),
    "phone": CommandEntry(_COMMANDS + "phone", "Read phone numbers as people type them.", extra="phone"),
    "campaign": CommandEntry(
        _COMMANDS + "campaign", "Send one message to very many people, from a file.", extra="campaigns"
    ),
    "simulator": CommandEntry(
        _COMMANDS + "simulator.command", "Run Xoxzo's telephony service on this machine.", extra="simulator"
    ),
    "listen": CommandEntry(_COMMANDS + "listen.command", "See what is called back, as it comes.", extra="listen"),
    "trigger": CommandEntry(_COMMANDS + "trigger.command", "Have a callback hit a URL.", extra="listen"),
    "doctor": CommandEntry(_COMMANDS + "doctor.command", "Find out what is wrong."),
    "config": CommandEntry(_COMMANDS + "config.command", "Accounts and defaults: where they are, what they say."),
    "completion": CommandEntry(_COMMANDS + "completion", "Have the shell complete what you type."),
    "mcp": CommandEntry(_COMMANDS + "mcp", "Let an assistant use Xoxzo, within limits that you set.", extra="mcp"),
    "alertmanager": CommandEntry(
        _COMMANDS + "alertmanager.command", "Turn Prometheus alerts into SMS and calls.", extra="alertmanager"
    ),
    "demo": CommandEntry(_COMMANDS + "demo", "Watch messages, calls and a dial-in number at work.", extra="simulator"),
}
"""All commands by name, in the order in which help lists them."""


@click.group(
    cls=Group,
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "xoxzo demo",
        "xoxzo sms send 080-1111-2222 こんにちは --sender Shop --simulator",
        "xoxzo sms list --since 7d --json",
        "xoxzo config add-profile shop",
    ),
)
@click.version_option(__version__, prog_name="xoxzo")
def xoxzo() -> None:
    """Xoxzo's telephony API from a shell.

    Where requests go is said by --profile, XOXZO_PROFILE, XOXZO_API_SID and XOXZO_API_AUTH_TOKEN, or the configuration;
    --simulator takes one on this machine, where nothing reaches a phone and nothing costs.

    Exit status: 0 done, 2 wrong use, 3 rejected, 4 credentials, 5 throttled, 6 surely not sent, 7 may be sent.
    """
