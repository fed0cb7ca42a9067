"""Every command with each kind of output: encodings that lack our characters, full disks, readers that left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from endpoint_calls import operation_of
from rotation import selected_part

from xoxzo.cloudpy.operations.endpoints import ENDPOINTS

from .recorded_cases import Sandbox
from .test_recorded import CASES, furnish

if TYPE_CHECKING:
    from pathlib import Path

    from command_processes import Ready

ENCODINGS = ("cp932", "euc_jp", "cp437", "latin-1", "ascii")
BROKEN = ("full", "no reader", "no stdout", "no stderr")
TABLE = {0, 2, 3, 4, 5, 6, 7, 130, 141}
"""The exit statuses of the page of commands."""
SENDING = tuple(
    command.name
    for endpoint in ENDPOINTS
    for command in endpoint.commands
    if any(operation_of(call).recipients for call in endpoint.calls)
)
"""The commands that reach phones."""
KINDS = (*ENCODINGS, *BROKEN)
THIRDS = 3
VARYING = {"doctor", "campaign-dispatch"}
"""One names a narrow encoding, the other shows its plan the first time alone."""
REFUSED_AGAIN = {"otp-request"}
"""Each phone gets one code at a time."""
NAMES = [name for name, case in CASES.items() if case.during is None]


@pytest.mark.parametrize("name", NAMES)
def test_the_output_never_hides_what_was_done(name: str, ready: Ready, stepped: str, tmp_path: Path) -> None:
    """A character or an output that breaks causes no traceback, and the exit status says whether something was sent."""
    case, part = CASES[name], selected_part(THIRDS)
    (tmp_path / "run").mkdir()
    sandbox = furnish(Sandbox(ready, stepped, tmp_path, name), case)
    for step in case.before:
        step(sandbox)
    words = sandbox.words(case.command)

    def run(output: str, **changes: str) -> tuple[bytes, bytes, int]:
        variables = {**sandbox.variables, "XOXZO_LANG": "ja", **changes}
        return ready.with_output(output, *words, text=case.text, cwd=tmp_path, **variables)

    out, _, expected = run("pipe")
    for number, kind in enumerate(KINDS):
        if part is not None and (number + len(name)) % THIRDS != part:
            continue
        if kind in ENCODINGS:
            shown, err, status = run("pipe", PYTHONIOENCODING=kind)
            # A command that changes something may be refused the second time.
            assert status == expected or (status in {2, 3} and expected == 0), (kind, status, err)
            if status == expected and name not in VARYING:
                assert len(shown.splitlines()) == len(out.splitlines()), (kind, shown)
        else:
            _, err, status = run(kind)
            if out and kind in {"full", "no reader"} and name not in VARYING:
                shows_only = {"--help", "--dry-run"} & set(case.command.split())
                sends = expected == 0 and not shows_only and case.command.startswith(SENDING)
                allowed = {3} if name in REFUSED_AGAIN else {7, 141} if sends else TABLE - {0}
                assert status in allowed, (kind, status, err)
        assert status in TABLE, (kind, status, err)
        assert b"Traceback" not in err, (kind, err.decode(errors="replace"))
        assert b"Exception ignored" not in err, (kind, err.decode(errors="replace"))
