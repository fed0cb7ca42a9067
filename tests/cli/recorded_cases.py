"""What is recorded of each command: how it is typed, what must be there before, and what is done while it runs."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import ProxyHandler, Request, build_opener

from terminal import Done, Terminal

from xoxzo.cloudpy.operations.endpoints import ENDPOINTS

if TYPE_CHECKING:
    from command_processes import Ready


PEOPLE = "tel,name\n09010000000,花子\n09010000001,太郎\n09010000002,Bob\n"
CONFIGURATION = """\
default = "shop"
sender = "Shop"

[profiles.shop]
sid = "some-long-sid"
token = "Secret7"
host = "{url}"
"""


@dataclass
class Sandbox:
    """Where a command runs: an empty folder, a simulator with a stepped clock, a new account."""

    ready: Ready
    url: str
    folder: Path
    sid: str
    variables: dict[str, str] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)
    """What a command's line may name in braces, such as the id of a message that was sent before."""

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the simulator's control API."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.url}/_simulator/{path}", data, {"content-type": "application/json"})
        with build_opener(ProxyHandler({})).open(request) as answer:
            return json.load(answer)

    def xoxzo(self, line: str) -> dict[str, Any]:
        """Run a command before the one that is recorded; return what it writes as JSON."""
        done = self.run(f"{line} --json")
        assert done.status == 0, done
        output: dict[str, Any] = json.loads(done.out.splitlines()[0]) if done.out else {}
        return output

    def run(self, line: str, text: str | None = None) -> Done:
        """Run a command in a pipe."""
        return self.ready.in_pipe(*self.words(line), text=text, cwd=self.folder, **self.variables)

    def words(self, line: str) -> list[str]:
        """Return the words of a line, with what it names filled in."""
        known = {"url": self.url, **self.named}
        return [re.sub(r"\{(\w+)\}", lambda found: known.get(found[1], found[0]), word) for word in shlex.split(line)]


Before = Callable[[Sandbox], None]
Step = Callable[[Sandbox, Terminal], None]


@dataclass(frozen=True)
class Case:
    """One command, run once in a terminal and once in a pipe."""

    command: str
    """As it is typed after `xoxzo`; `{url}` is the simulator's address, other names come from what was done before."""
    before: tuple[Before, ...] = ()
    """What is done first."""
    during: Step | None = None
    """What is done while it runs in the terminal."""
    text: str | None = None
    """What it reads from the pipe."""
    modes: tuple[str, ...] = ("terminal", "pipe")
    """How it is run: `japanese` is a terminal with a Japanese locale."""
    account: bool = True
    """Whether the environment has an account on the simulator."""
    quits: bool = False
    """Whether it runs until it is stopped."""


def write_people(sandbox: Sandbox) -> None:
    """Leave a list of recipients in the folder."""
    (sandbox.folder / "people.csv").write_text(PEOPLE, encoding="utf-8")


def write_configuration(sandbox: Sandbox) -> None:
    """Leave a configuration with one profile."""
    path = sandbox.folder / ".config" / "xoxzo" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(CONFIGURATION.format(url=sandbox.url))
    path.chmod(0o600)


def write_on_call(sandbox: Sandbox) -> None:
    """Write the settings file of a person who gets alerts."""
    path = sandbox.folder / "oncall.toml"
    path.write_text(sandbox.run("alertmanager example").out, encoding="utf-8")
    path.chmod(0o600)
    sandbox.variables["XOXZO_ALERTMANAGER_CONFIG"] = str(path)


def earlier(name: str, fact: str, line: str) -> Before:
    """Run a command first, and give one of the fields of its output a name."""

    def before(sandbox: Sandbox) -> None:
        sandbox.named[name] = str(sandbox.xoxzo(line)[fact])

    return before


def passes(seconds: float) -> Before:
    """Let time pass."""
    return lambda sandbox: sandbox.control("clock/advance", {"seconds": seconds}) and None


def approved(sandbox: Sandbox) -> None:
    """Approve the template that was written before."""
    sandbox.control(f"templates/{sandbox.named['template']}/approve", {})


def the_code(sandbox: Sandbox) -> None:
    """Read the one-time password on the phone, in the latest message that has one."""
    inbox = sandbox.control(f"phones/{PHONE}")["messages"]
    [*_, sandbox.named["code"]] = re.findall(r"コードは([0-9]+)", "\n".join(message["text"] for message in inbox))


def answers(question: str, *keys: str) -> Step:
    """Wait for a question, and press keys."""

    def step(_sandbox: Sandbox, terminal: Terminal) -> None:
        terminal.wait_for(question)
        for key in keys:
            terminal.type(key)

    return step


def time_goes_on(shown: str) -> Step:
    """Wait until something is shown, and let a minute pass."""

    def step(sandbox: Sandbox, terminal: Terminal) -> None:
        terminal.wait_for(shown)
        sandbox.control("clock/advance", {"seconds": 60})

    return step


def is_called_back(sandbox: Sandbox, terminal: Terminal) -> None:
    """Have a callback hit the address that is listened on, and press Ctrl-C when it was shown."""
    terminal.wait_until(r"http://127\.0\.0\.1:[0-9]{4}")
    found = re.search(r"http://\S+", terminal.screen)
    assert found is not None
    sandbox.run(f"trigger sms.delivered {found[0]}/ --id {'1' * 32}")
    terminal.wait_for("→ 200")
    terminal.type("\x03")


EVERYWHERE = ("terminal", "japanese", "pipe")
PHONE, FRIEND = "+819000001234", "+819000005678"
CONTENT = '--text "{name}様 明日のご予約です" --sender Shop'
SENT = earlier("msgid", "msgid", f"sms send {PHONE} こんにちは --sender Shop --reference booking-7")
CALLED = earlier("callid", "callid", f"call say {PHONE} ご注文の品が届きました --caller 81501112222")
WRITTEN = earlier("template", "id", "template create 予約確認 '{name}様 明日のご予約です'")
FREE = earlier("uid", "din_uid", "din search --prefix 8150")
SUBSCRIBED = (FREE, lambda sandbox: sandbox.xoxzo("din subscribe {uid}") and None)
REGISTERED = lambda sandbox: sandbox.xoxzo("otp register https://example.com") and None  # noqa: E731 - a step like the others
ASKED = lambda sandbox: sandbox.xoxzo(f"otp request https://example.com {PHONE}") and None  # noqa: E731
CREATED = lambda sandbox: sandbox.run(f"campaign create people people.csv {CONTENT}") and None  # noqa: E731
OTHERS = lambda sandbox: sandbox.xoxzo(f"campaign run people.csv {CONTENT} --name others --yes") and None  # noqa: E731
RUN = lambda sandbox: sandbox.xoxzo(f"campaign run people.csv {CONTENT} --yes") and None  # noqa: E731
LISTED = lambda sandbox: sandbox.xoxzo("optout add 09010000000 --source call") and None  # noqa: E731

CASES: dict[str, Case] = {
    "help": Case("--help", modes=EVERYWHERE),
    "unknown-command": Case("simulater", modes=EVERYWHERE),
    "no-credentials": Case(f"sms send {PHONE} hello --sender Shop", modes=EVERYWHERE, account=False),
    # SMS
    "sms-send-many": Case(
        "sms send - --text 'Closed today' --sender Shop", text=f"{PHONE}\n{FRIEND}\n", modes=("pipe",)
    ),
    "sms-send-refused": Case("sms send 12 hello --sender Shop", modes=EVERYWHERE),
    "sms-get": Case("sms get {msgid}", before=(SENT, passes(60)), modes=EVERYWHERE),
    "sms-get-unknown": Case(f"sms get {'1' * 32}", modes=EVERYWHERE),
    "sms-wait": Case(
        "sms wait {msgid} --for 30", before=(SENT,), during=time_goes_on("→ simulator"), modes=("terminal",)
    ),
    "sms-find": Case("sms find booking-7", before=(SENT,)),
    # Templates and one-time passwords
    "template-create": Case("template create 予約確認 '{name}様 明日のご予約です'"),
    "template-list": Case("template list", before=(WRITTEN,), modes=EVERYWHERE),
    "template-show": Case("template show {template}", before=(WRITTEN,)),
    "template-update": Case("template update {template} --name 確認", before=(WRITTEN,)),
    "template-render": Case("template render {template} --var name=山田", before=(WRITTEN, approved)),
    "template-send": Case(
        f"template send {{template}} {PHONE} --var name=山田 --sender Shop", before=(WRITTEN, approved)
    ),
    "template-delete": Case("template delete {template} --yes", before=(WRITTEN,)),
    "otp-register": Case("otp register https://example.com"),
    "otp-request": Case(f"otp request https://example.com {PHONE}", before=(REGISTERED,)),
    "otp-verify": Case(f"otp verify https://example.com {PHONE} {{code}}", before=(REGISTERED, ASKED, the_code)),
    "otp-verify-wrong": Case(
        f"otp verify https://example.com {PHONE} 0000000", before=(REGISTERED, ASKED), modes=EVERYWHERE
    ),
    # Calls
    "call-play": Case(f"call play {PHONE} --url http://www.example.com/hello.mp3 --caller 81501112222"),
    "call-get": Case("call get {callid}", before=(CALLED, passes(60))),
    "call-wait": Case(
        "call wait {callid} --for 30", before=(CALLED,), during=time_goes_on("→ simulator"), modes=("terminal",)
    ),
    "conference-create": Case(f"conference create {PHONE} {FRIEND} --caller 81501112222"),
    "conference-get": Case(
        "conference get {conferenceid}",
        before=(
            earlier("conferenceid", "conferenceid", f"conference create {PHONE} {FRIEND} --caller 81501112222"),
            passes(60),
        ),
    ),
    # Numbers
    "din-search": Case("din search --prefix 81120"),
    "din-subscribe": Case("din subscribe {uid}", before=(FREE,)),
    "din-list": Case("din list", before=SUBSCRIBED, modes=EVERYWHERE),
    "din-action": Case("din action {uid} http://127.0.0.1:54321/answer", before=SUBSCRIBED),
    "din-release": Case("din release {uid} --yes", before=SUBSCRIBED),
    "sin-search": Case("sin search"),
    "sin-subscribe": Case("sin subscribe JPafr34rafic76tf --yes"),
    "sin-action": Case("sin action JPafr34rafic76tf http://127.0.0.1:54321/sms"),
    "sin-release": Case("sin release JPafr34rafic76tf --yes"),
    # Campaigns
    "campaign-plan": Case(f"campaign plan people.csv {CONTENT}", before=(write_people,), modes=EVERYWHERE),
    "campaign-run": Case(
        f"campaign run people.csv {CONTENT}", before=(write_people,), during=answers("[y/N]:", "y\r"), modes=EVERYWHERE
    ),
    "campaign-run-no": Case(
        f"campaign run people.csv {CONTENT}",
        before=(write_people,),
        during=answers("Send to 3 people?", "n\r"),
        modes=("terminal",),
    ),
    "campaign-status": Case("campaign status people", before=(write_people, RUN), modes=EVERYWHERE),
    "campaign-status-unknown": Case("campaign status nobody", modes=EVERYWHERE),
    "alertmanager-help": Case("alertmanager --help", modes=EVERYWHERE),
    "alertmanager-unknown": Case("alertmanager --check", modes=EVERYWHERE),
    "mcp-help": Case("mcp --help", modes=EVERYWHERE),
    "mcp-half": Case("mcp --allow anne=+818011112222", modes=EVERYWHERE),
    "campaign-create": Case(f"campaign create people people.csv {CONTENT}", before=(write_people,), modes=EVERYWHERE),
    "campaign-dispatch": Case(
        "campaign dispatch people --broker memory:// --yes", before=(write_people, CREATED), modes=EVERYWHERE
    ),
    "campaign-list": Case("campaign list", before=(write_people, RUN), modes=EVERYWHERE),
    "campaign-export": Case("campaign export people", before=(write_people, RUN), modes=("pipe",)),
    "campaign-resume": Case("campaign resume people", before=(write_people, RUN)),
    "campaign-rehearse": Case(f"campaign rehearse people.csv {CONTENT}", before=(write_people,), modes=EVERYWHERE),
    "campaign-reschedule": Case("campaign reschedule people --quiet none", before=(write_people, CREATED)),
    "campaign-pause": Case("campaign pause people", before=(write_people, CREATED)),
    "campaign-cancel": Case("campaign cancel people", before=(write_people, CREATED)),
    "campaign-settle": Case("campaign settle people --statuses", before=(write_people, RUN, passes(60))),
    "campaign-unknown": Case("campaign unknown people", before=(write_people, RUN)),
    "campaign-suppress": Case(
        "campaign suppress people -", before=(write_people, RUN), text="09010000000\n", modes=("pipe",)
    ),
    "campaign-report": Case("campaign report people", before=(write_people, RUN), modes=("pipe",)),
    "campaign-compare": Case("campaign compare people others", before=(write_people, RUN, OTHERS), modes=EVERYWHERE),
    "campaign-purge": Case("campaign purge people --yes", before=(write_people, RUN)),
    "optout-add": Case("optout add 090-1000-0000 --source call", modes=EVERYWHERE),
    "optout-remove": Case("optout remove 090-1000-0000", before=(LISTED,)),
    "optout-list": Case("optout list 090-1000-0000 09010000001", before=(LISTED,), modes=EVERYWHERE),
    "optout-import": Case("optout import -", text="090-1000-0000\n", modes=("pipe",)),
    "optout-export": Case("optout export -o list.csv", before=(LISTED,), modes=("pipe",)),
    # This machine
    "simulator": Case("simulator --port 0", during=answers("Ctrl-C", "\x03"), modes=("terminal", "japanese")),
    "simulator-status-none": Case("simulator status", modes=EVERYWHERE),
    "simulator-stop-none": Case("simulator stop"),
    "simulator-wait-ready-none": Case(
        "simulator wait-ready --url http://127.0.0.1:9 --timeout 0", modes=("japanese", "pipe")
    ),
    "simulator-wait-ready": Case("simulator wait-ready --url {url}", modes=("pipe",)),
    "listen": Case("listen --port 0", during=is_called_back, modes=("terminal", "japanese")),
    "trigger": Case("trigger sms.delivered http://127.0.0.1:9/"),
    "callbacks-resend": Case("callbacks resend http://127.0.0.1:9/ --since 1h"),
    "trigger-refused": Case("trigger sms.delivered http://127.0.0.1:9/ --sign", modes=("japanese", "pipe")),
    "doctor": Case("doctor", modes=EVERYWHERE),
    "config-show": Case("config show", before=(write_configuration,), modes=EVERYWHERE),
    "config-set": Case("config set country MY", before=(write_configuration,)),
    "config-unset": Case("config unset sender", before=(write_configuration,)),
    "config-remove-profile": Case("config remove-profile shop", before=(write_configuration,)),
    "completion": Case("completion fish", modes=("pipe",)),
    "alertmanager": Case("alertmanager --check --simulator", before=(write_on_call,)),
    "alertmanager-status": Case("alertmanager status", before=(write_on_call,)),
    "alertmanager-page": Case("alertmanager page tanaka --listen 127.0.0.1:1"),
    "apprise-install": Case("apprise install --folder plugins"),
    "alertmanager-ack": Case("alertmanager ack K7QD", before=(write_on_call,)),
    "alertmanager-example": Case("alertmanager example", modes=("pipe",)),
    "config-path": Case("config path"),
    "demo": Case("demo", modes=("terminal", "japanese")),
}
"""All that is recorded, by the name of the file."""

# A command of the table of endpoints that has no case here is recorded with the arguments of its example.
for _endpoint in ENDPOINTS:
    for _command in _endpoint.commands:
        if not any(case.command.startswith(_command.name) for case in CASES.values()):
            CASES[_command.name.replace(" ", "-")] = Case(shlex.join([*_command.name.split(), *_command.arguments]))
