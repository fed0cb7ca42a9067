"""Write the table of all endpoints into the documentation: ``scripts/endpoints.py``, ``--check`` to compare only.

The list of endpoints is that of the API's description. Where each is shown is found in the documentation itself, in the
programs that the tests run; an endpoint that is shown nowhere has no row, and that is an error. So is one that no
command of the program asks for.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from keeping import keep
from xoxzo.cloudpy.cli.app import xoxzo

REPOSITORY = Path(__file__).resolve().parent.parent
PAGE = REPOSITORY / "docs" / "endpoints.md"
PROGRAM = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)

HEAD = """\
# All endpoints

Written by `scripts/endpoints.py`; the tests call each of them by both clients, and by the shell, and ask the simulator
for it.

| API | endpoint | `Client` and `AsyncClient` | `XoxzoClient` | `xoxzo` | shown in |
|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Endpoint:
    """One endpoint of the API.

    Attributes:
        section: where the API's description has it.
        method: the HTTP method.
        path: the path, its id in angle brackets.
        calls: the methods of the modern clients that ask for it.
        classic: the methods of the classic face that ask for it.
        commands: the commands that ask for it.
    """

    section: str
    method: str
    path: str
    calls: tuple[str, ...]
    classic: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()


def _numbers(section: str, path: str, resource: str, suffix: str) -> list[Endpoint]:
    old = resource == "dins"
    return [
        Endpoint(f"{section}.1", "GET", path, (f"{resource}.search",), (f"get_{suffix}_list",), (f"{suffix} search",)),
        Endpoint(
            f"{section}.2",
            "POST",
            f"{path}subscriptions/",
            (f"{resource}.subscribe",),
            (f"subscribe_{suffix}",),
            (f"{suffix} subscribe",),
        ),
        Endpoint(
            f"{section}.3",
            "GET",
            f"{path}subscriptions/",
            (f"{resource}.list",),
            (*(["get_subscription_list"] if old else []), f"get_subscription_list_{suffix}"),
            (f"{suffix} list",),
        ),
        Endpoint(
            f"{section}.4",
            "POST",
            f"{path}subscriptions/<{suffix}_uid>/",
            (f"{resource}.set_action_url",),
            (*(["set_action_url"] if old else []), f"set_action_url_{suffix}"),
            (f"{suffix} action",),
        ),
        Endpoint(
            f"{section}.5",
            "DELETE",
            f"{path}subscriptions/<{suffix}_uid>/",
            (f"{resource}.unsubscribe",),
            (f"unsubscribe_{suffix}",),
            (f"{suffix} release",),
        ),
    ]


_PLAYBACKS = "/voice/simple/playbacks/"
ENDPOINTS = [
    Endpoint("2.1", "POST", "/sms/messages/", ("sms.send",), ("send_sms",), ("sms send",)),
    Endpoint(
        "2.2",
        "GET",
        "/sms/messages/<msgid>/",
        ("sms.get", "sms.wait"),
        ("get_sms_delivery_status",),
        ("sms get", "sms wait"),
    ),
    Endpoint(
        "2.3", "GET", "/sms/messages/", ("sms.list", "sms.find"), ("get_sent_sms_list",), ("sms list", "sms find")
    ),
    Endpoint("3.1", "GET", "/sms/templates/", ("templates.list",), commands=("template list",)),
    Endpoint("3.2", "POST", "/sms/templates/", ("templates.create",), commands=("template create",)),
    Endpoint("3.3", "GET", "/sms/templates/<id>/", ("templates.get",), commands=("template show", "template render")),
    Endpoint("3.4", "PATCH", "/sms/templates/<id>/", ("templates.update",), commands=("template update",)),
    Endpoint("3.5", "DELETE", "/sms/templates/<id>/", ("templates.delete",), commands=("template delete",)),
    Endpoint("3.6", "POST", "/sms/templates/<id>/messages/", ("templates.send",), commands=("template send",)),
    *_numbers("4", "/sms/sins/", "sins", "sin"),
    Endpoint(
        "5.1",
        "POST",
        _PLAYBACKS,
        ("calls.play", "calls.say"),
        ("call_simple_playback", "call_tts_playback"),
        ("call play", "call say"),
    ),
    Endpoint(
        "5.2",
        "GET",
        "/voice/calls/<callid>/",
        ("calls.get", "calls.wait"),
        ("get_simple_playback_status",),
        ("call get", "call wait"),
    ),
    Endpoint("5.3", "POST", "/voice/simple/conferences/", ("conferences.create",), commands=("conference create",)),
    Endpoint(
        "5.4", "GET", "/voice/simple/conferences/<conferenceid>/", ("conferences.get",), commands=("conference get",)
    ),
    *_numbers("6", "/voice/dins/", "dins", "din"),
    Endpoint("7.1", "POST", "/otp/register-website/", ("otp.register_website",), commands=("otp register",)),
    Endpoint("7.2", "POST", "/otp/request/", ("otp.request",), commands=("otp request",)),
    Endpoint("7.3", "POST", "/otp/verify/", ("otp.verify",), commands=("otp verify",)),
    Endpoint("8.1", "POST", "/utilities/carrierlookup/", ("lookup.carrier",), commands=("lookup",)),
    Endpoint("9.1", "GET", "/you/credits/", ("account.credits",), commands=("credits",)),
]


def shown_in(call: str) -> list[Path]:
    """Return the pages that have a program with this call."""
    pages = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
    return [
        page
        for page in pages
        if any(f"client.{call}(" in program for program in PROGRAM.findall(page.read_text("utf-8")))
    ]


def row(endpoint: Endpoint) -> str:
    """Return an endpoint's row; raise ``LookupError`` when no program shows it, or no command asks for it."""
    pages = [page for call in endpoint.calls for page in shown_in(call)]
    if not endpoint.commands or not all(map(known, endpoint.commands)):
        raise LookupError(
            f"no command asks for {endpoint.method} {endpoint.path}, or it is not there: {endpoint.commands}"
        )
    if not pages:
        raise LookupError(f"no program of the documentation calls any of {', '.join(endpoint.calls)}")
    # A page of the documentation is better than the README.
    page = next((page for page in pages if page.parent == PAGE.parent), pages[0])
    link = f"[{page.stem}]({page.name})" if page.parent == PAGE.parent else page.name
    path = endpoint.path.replace("<", "{").replace(">", "}")
    columns = (endpoint.calls, endpoint.classic, endpoint.commands)
    names = ["<br>".join(f"`{name}`" for name in names) for names in columns]
    front = f"| {endpoint.section} | `{endpoint.method} {path}` | {names[0]}"
    return f"{front} | {names[1] or '–'} | {names[2]} | {link} |\n"


def known(words: str) -> bool:
    """Whether the program has a command."""
    command: click.Command | None = xoxzo
    for word in words.split():
        command = command.get_command(click.Context(command), word) if isinstance(command, click.Group) else None
    return command is not None


def main() -> int:
    """Write, or with ``--check`` compare, the page; return the exit status."""
    wanted = HEAD + "".join(row(endpoint) for endpoint in ENDPOINTS)
    return keep({PAGE: wanted}, "endpoints.py")


if __name__ == "__main__":
    sys.exit(main())
