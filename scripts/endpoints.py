"""Write the table of all endpoints into the documentation: ``scripts/endpoints.py``, ``--check`` to compare only.

The list of endpoints is that of the API's description. Where each is shown is found in the documentation itself, in the
programs that the tests run; an endpoint that is shown nowhere has no row, and that is an error.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PAGE = REPOSITORY / "docs" / "endpoints.md"
PROGRAM = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)

HEAD = """\
# All endpoints

Written by `scripts/endpoints.py`; the tests call each of them by both clients and ask the simulator for it.

| API | endpoint | `Client` and `AsyncClient` | `XoxzoClient` | shown in |
|---|---|---|---|---|
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
    """

    section: str
    method: str
    path: str
    calls: tuple[str, ...]
    classic: tuple[str, ...] = ()


def _numbers(section: str, path: str, resource: str, suffix: str) -> list[Endpoint]:
    old = resource == "dins"
    return [
        Endpoint(f"{section}.1", "GET", path, (f"{resource}.search",), (f"get_{suffix}_list",)),
        Endpoint(f"{section}.2", "POST", f"{path}subscriptions/", (f"{resource}.subscribe",), (f"subscribe_{suffix}",)),
        Endpoint(
            f"{section}.3",
            "GET",
            f"{path}subscriptions/",
            (f"{resource}.list",),
            (*(["get_subscription_list"] if old else []), f"get_subscription_list_{suffix}"),
        ),
        Endpoint(
            f"{section}.4",
            "POST",
            f"{path}subscriptions/<{suffix}_uid>/",
            (f"{resource}.set_action_url",),
            (*(["set_action_url"] if old else []), f"set_action_url_{suffix}"),
        ),
        Endpoint(
            f"{section}.5",
            "DELETE",
            f"{path}subscriptions/<{suffix}_uid>/",
            (f"{resource}.unsubscribe",),
            (f"unsubscribe_{suffix}",),
        ),
    ]


_PLAYBACKS = "/voice/simple/playbacks/"
ENDPOINTS = [
    Endpoint("2.1", "POST", "/sms/messages/", ("sms.send",), ("send_sms",)),
    Endpoint("2.2", "GET", "/sms/messages/<msgid>/", ("sms.get", "sms.wait"), ("get_sms_delivery_status",)),
    Endpoint("2.3", "GET", "/sms/messages/", ("sms.list", "sms.find"), ("get_sent_sms_list",)),
    Endpoint("3.1", "GET", "/sms/templates/", ("templates.list",)),
    Endpoint("3.2", "POST", "/sms/templates/", ("templates.create",)),
    Endpoint("3.3", "GET", "/sms/templates/<id>/", ("templates.get",)),
    Endpoint("3.4", "PATCH", "/sms/templates/<id>/", ("templates.update",)),
    Endpoint("3.5", "DELETE", "/sms/templates/<id>/", ("templates.delete",)),
    Endpoint("3.6", "POST", "/sms/templates/<id>/messages/", ("templates.send",)),
    *_numbers("4", "/sms/sins/", "sins", "sin"),
    Endpoint("5.1", "POST", _PLAYBACKS, ("calls.play", "calls.say"), ("call_simple_playback", "call_tts_playback")),
    Endpoint("5.2", "GET", "/voice/calls/<callid>/", ("calls.get", "calls.wait"), ("get_simple_playback_status",)),
    Endpoint("5.3", "POST", "/voice/simple/conferences/", ("conferences.create",)),
    Endpoint("5.4", "GET", "/voice/simple/conferences/<conferenceid>/", ("conferences.get",)),
    *_numbers("6", "/voice/dins/", "dins", "din"),
    Endpoint("7.1", "POST", "/otp/register-website/", ("otp.register_website",)),
    Endpoint("7.2", "POST", "/otp/request/", ("otp.request",)),
    Endpoint("7.3", "POST", "/otp/verify/", ("otp.verify",)),
    Endpoint("8.1", "POST", "/utilities/carrierlookup/", ("lookup.carrier",)),
    Endpoint("9.1", "GET", "/you/credits/", ("account.credits",)),
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
    """Return an endpoint's row; raise ``LookupError`` when no program of the documentation shows it."""
    pages = [page for call in endpoint.calls for page in shown_in(call)]
    if not pages:
        raise LookupError(f"no program of the documentation calls any of {', '.join(endpoint.calls)}")
    # A page of the documentation is better than the README.
    page = next((page for page in pages if page.parent == PAGE.parent), pages[0])
    link = f"[{page.stem}]({page.name})" if page.parent == PAGE.parent else page.name
    path = endpoint.path.replace("<", "{").replace(">", "}")
    names = ["<br>".join(f"`{name}`" for name in names) for names in (endpoint.calls, endpoint.classic)]
    return f"| {endpoint.section} | `{endpoint.method} {path}` | {names[0]} | {names[1] or '–'} | {link} |\n"


def main() -> int:
    """Write, or with ``--check`` compare, the page; return the exit status."""
    wanted = HEAD + "".join(row(endpoint) for endpoint in ENDPOINTS)
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(wanted, "utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text("utf-8") == wanted:
        return 0
    print(f"{PAGE} is not what scripts/endpoints.py writes", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
