"""What a command does not need is not imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

WATCHED = {
    "asyncio", "httptools", "httpx2", "keyring", "msgspec", "phonenumbers", "rich", "starlette", "tomlkit", "tomllib",
    "uvicorn", "xoxzo.cloudpy.client.client", "xoxzo.cloudpy.simulator", "subprocess",
}  # fmt: skip
HTTP = {"httptools", "msgspec", "xoxzo.cloudpy.client.client"}
SCRIPT = """
import sys
before = set(sys.modules)  # what measures coverage has modules of its own
from xoxzo.cloudpy.cli import main
sys.argv = ["xoxzo", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    status = end.code or 0
print(*sorted(set({watched!r}) & set(sys.modules) - before), file=sys.stderr)
sys.exit(status)
"""


@pytest.mark.parametrize(
    ("command", "needed"),
    [
        (("--help",), set()),
        (("sms", "--help"), set()),
        (("sms", "send", "--help"), set()),
        (("config", "path"), set()),
        (("config", "show"), set()),
        (("sms", "parts", "Hi"), {"msgspec"}),
        (("credits",), HTTP),
        (("sms", "send", "+818011112222", "Hi", "--sender", "Shop"), HTTP),
        (("sms", "send", "080-1111-2222", "Hi", "--sender", "Shop"), HTTP | {"phonenumbers"}),
        (("sms", "list", "--json"), HTTP),
        (("din", "search"), HTTP),
        (("credits", "--dry-run"), HTTP - {"httptools"}),
    ],
)
def test_a_command_loads_what_it_needs(command, needed, shell) -> None:
    """No rich in a pipe, no number plans for E.164, no HTTP for help, no Japanese for English."""
    del shell  # its account is in the environment
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(watched=WATCHED), *command],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    loaded = set(done.stderr.splitlines()[-1].split())
    assert done.returncode == 0, done.stderr
    assert loaded - {"subprocess"} == needed
