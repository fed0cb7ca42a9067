"""The table of commands. Each is imported when it is run: `xoxzo --help` loads none of them."""

from __future__ import annotations

import click

from xoxzo.cloudpy.cli.core.click_base import CommandEntry, make_group
from xoxzo.cloudpy.common.version import __version__

_SIMULATOR = ("simulator", ("httpcore2", "jinja2", "prometheus_client", "python_multipart"))

COMMANDS = {
    "sms": CommandEntry("telephony.sms", "Send SMS, and follow them."),
    "template": CommandEntry("telephony.template", "Create, preview and send SMS templates."),
    "otp": CommandEntry("telephony.sms:otp", "Send one-time passwords, and check them."),
    "call": CommandEntry("telephony.call", "Call a phone and play an mp3 or speak a text."),
    "conference": CommandEntry("telephony.call:conference", "Call two or three phones and join them in a conference."),
    "din": CommandEntry("telephony.account:din", "Dial-in numbers: find, subscribe, set what answers, release."),
    "sin": CommandEntry("telephony.account:sin", "Numbers that received SMS; the service ended in 2024."),
    "lookup": CommandEntry("telephony.account:lookup", "Look up the carrier of a number."),
    "credits": CommandEntry("telephony.account:credits_", "Show the balance."),
    "phone": CommandEntry("phone", "Convert phone numbers to E.164.", extra="phone"),
    "campaign": CommandEntry("campaign", "Send one message to many recipients, from a file.", extra="campaigns"),
    "optout": CommandEntry("optout", "Keep the list of those who get no message of any campaign.", extra="campaigns"),
    "simulator": CommandEntry("simulator", "Run Xoxzo's telephony service on this machine.", *_SIMULATOR),
    "listen": CommandEntry("listen", "Show callbacks as they arrive.", extra="listen"),
    "trigger": CommandEntry("trigger", "Send a callback to a URL.", extra="listen"),
    "callbacks": CommandEntry("callbacks", "Send missed reports again.", extra="listen"),
    "doctor": CommandEntry("doctor.command", "Diagnose problems with this machine, the network or the account."),
    "config": CommandEntry("config", "Show and change accounts and defaults."),
    "completion": CommandEntry("completion", "Set up Tab completion for your shell."),
    "mcp": CommandEntry("mcp", "Let an AI assistant use Xoxzo within limits that you set (MCP).", extra="mcp"),
    "alertmanager": CommandEntry("alertmanager.command", "Turn Prometheus alerts into SMS and calls.", "alertmanager"),
    "apprise": CommandEntry("apprise", "Add xoxzo:// to Apprise."),
    "demo": CommandEntry("demo", "Demonstrate messages, calls and a dial-in number.", *_SIMULATOR),
}
"""All commands by name, in the order in which help lists them."""


@make_group(
    "xoxzo demo",
    "xoxzo sms send 080-1111-2222 こんにちは --sender Shop --simulator",
    "xoxzo sms list --since 7d --json",
    "xoxzo config add-profile shop",
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="xoxzo")
def xoxzo() -> None:
    """Xoxzo's telephony API from a shell.

    The destination is set by --profile, XOXZO_PROFILE, XOXZO_API_SID and XOXZO_API_AUTH_TOKEN, or the configuration;
    --simulator uses a simulator on this machine, where nothing reaches a phone and nothing costs.

    Exit status: 0 done, 2 usage error, 3 rejected, 4 credentials, 5 rate limit, 6 not sent, 7 may have been sent.
    """
