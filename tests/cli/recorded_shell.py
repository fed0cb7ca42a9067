"""What is recorded of the commands of the API; see `recorded_cases`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .recorded_cases import EVERYWHERE, Case, Sandbox

if TYPE_CHECKING:
    from terminal import Terminal

BOTH = ("japanese", "pipe")
NUMBERS = "080-1111-2222 8033334444"
SEND = 'sms send 080-1111-2222 "ご予約の確認です" --sender Shop'


def send_some(sandbox: Sandbox) -> None:
    """Send three messages, one of which fails."""
    done = sandbox.run("sms send +818011112222 +818033334444 +819000000001 Hi --sender Shop --tag 予約")
    assert done.status == 0, done.err
    sandbox.control("clock/advance", {"minutes": 1})


def type_secrets(_sandbox: Sandbox, terminal: Terminal) -> None:
    """Answer the two questions for a profile."""
    for question, answer in (("SID:", "the-sid-of-the-shop"), ("Token:", "a-secret")):
        terminal.wait_for(question)
        terminal.type(f"{answer}\r")


SHELL: dict[str, Case] = {
    "sms-help": Case("sms --help", modes=EVERYWHERE),
    "sms-send-help": Case("sms send --help", modes=("terminal", "japanese")),
    "sms-send": Case(SEND, modes=EVERYWHERE),
    "sms-send-several": Case(f"sms send {NUMBERS} Hi --sender Shop --show-numbers"),
    "sms-send-json": Case(f"{SEND} --json", modes=("pipe",)),
    "sms-send-dry-run": Case(f"{SEND} --dry-run"),
    "sms-send-no-text": Case("sms send 080-1111-2222 --sender Shop", modes=BOTH),
    "sms-send-bad-number": Case("sms send 080-1111 Hi --sender Shop", modes=BOTH),
    "sms-send-stdin": Case("sms send - Hi --sender Shop", text="080-1111-2222\n", modes=("pipe",)),
    "sms-list": Case("sms list", before=(send_some,), modes=EVERYWHERE),
    "sms-find-nothing": Case("sms find nothing", modes=BOTH),
    "sms-parts": Case("sms parts ご予約の確認です"),
    "call-say": Case("call say 080-1111-2222 ご注文の品が届きました --caller 81501112222"),
    "lookup": Case(f"lookup {NUMBERS}", modes=BOTH),
    "credits": Case("credits", modes=BOTH),
    "phone-format": Case('phone format 080-1111-2222 "０３（１２３４）５６７８" 8011112222 abc', modes=EVERYWHERE),
    "sin-list": Case("sin list", modes=BOTH),
    "config-add-profile": Case("config add-profile shop", during=type_secrets),
    "unknown-option": Case("credits --jsn", modes=("pipe",)),
}
"""All that is recorded, by the name of the file."""
