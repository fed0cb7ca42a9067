"""The table of commands. Each is imported when it is run: `xoxzo --help` loads none of them."""

import click

from xoxzo.cloudpy import __version__

from .commands import Entry, Group, examples
from .words import teach_click

_HERE = "xoxzo.cloudpy.cli."

COMMANDS = {
    "sms": Entry(_HERE + "sms", "Send SMS, and follow them."),
    "template": Entry(_HERE + "template", "Write, try and send SMS templates."),
    "otp": Entry(_HERE + "otp", "Send one-time passwords, and check them."),
    "call": Entry(_HERE + "call", "Ring a phone: play an mp3 or speak a text."),
    "conference": Entry(_HERE + "conference", "Ring two or three phones and join them."),
    "din": Entry(_HERE + "numbers:din", "Dial-in numbers: find, subscribe, set what answers, release."),
    "sin": Entry(_HERE + "numbers:sin", "Numbers that took SMS; the service ended in 2024."),
    "lookup": Entry(_HERE + "lookup", "Ask which carrier a number belongs to."),
    "credits": Entry(_HERE + "credits", "Show the balance."),
    "phone": Entry(_HERE + "phone", "Read phone numbers as people type them.", extra="phone"),
    "campaign": Entry(_HERE + "campaign", "Send one message to very many people, from a file.", extra="campaigns"),
    "simulator": Entry(_HERE + "simulator", "Run Xoxzo's telephony service on this machine.", extra="simulator"),
    "listen": Entry(_HERE + "listen", "See what is called back, as it comes.", extra="listen"),
    "trigger": Entry(_HERE + "trigger", "Have a callback hit a URL.", extra="listen"),
    "doctor": Entry(_HERE + "doctor", "Find out what is wrong."),
    "config": Entry(_HERE + "config_command", "Accounts and defaults: where they are, what they say."),
    "completion": Entry(_HERE + "completion", "Have the shell complete what you type."),
    "mcp": Entry(_HERE + "mcp", "Let an assistant use Xoxzo, within limits that you set.", extra="mcp"),
    "alertmanager": Entry(_HERE + "alertmanager", "Turn Prometheus alerts into SMS and calls.", extra="alertmanager"),
    "demo": Entry(_HERE + "demo", "Watch messages, calls and a dial-in number at work.", extra="simulator"),
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


teach_click()
