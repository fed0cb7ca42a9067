"""What output can meet: encodings without our characters, full disks, texts that would control the terminal."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from xoxzo.cloudpy.cli.core.exit_codes import MAY_BE_SENT, NOT_SENT, output_error
from xoxzo.cloudpy.cli.core.output import terminal
from xoxzo.cloudpy.cli.core.output.terminal import is_write_error, substituting_output, visible
from xoxzo.cloudpy.cli.core.output.values import format_value, to_json

XOXZO = (sys.executable, "-m", "xoxzo.cloudpy.cli")
SEND = ("sms", "send", "+818011112222", "+818033334444", "hi", "--sender", "Shop")


@pytest.fixture
def account(simulator_url: str, tmp_path: Path) -> dict[str, str]:
    """The environment of a program that uses the simulator."""
    own = {"HOME": str(tmp_path), "XOXZO_API_HOST": simulator_url, "XOXZO_LANG": "en"}
    return {**os.environ, **own, "XOXZO_API_SID": tmp_path.name, "XOXZO_API_AUTH_TOKEN": "secret"}


def test_a_character_that_cannot_be_encoded_ends_nothing(account) -> None:
    """On a Japanese Windows the mask of numbers has no bullet: both messages are sent, and shown with asterisks."""
    environment = {**account, "PYTHONIOENCODING": "cp932"}
    done = subprocess.run([*XOXZO, *SEND], capture_output=True, env=environment, check=False, timeout=60)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 2), done.stderr
    assert b"+81****2222" in done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
@pytest.mark.parametrize(("command", "status"), [(SEND, MAY_BE_SENT), (("credits",), NOT_SENT)])
def test_a_full_disk_is_one_line(account, command, status) -> None:
    """Where the result cannot be written, the status says whether something was sent before; there is no traceback."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*XOXZO, *command], stdout=full, stderr=subprocess.PIPE, env=account, timeout=60, check=False
        )
    assert done.returncode == status
    assert b"Traceback" not in done.stderr
    assert b"the output cannot be written (No space left on device)" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_an_error_that_cannot_be_written_changes_no_status(account) -> None:
    """Where standard error is on a full disk, the status is that of the error."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*XOXZO, "credits", "--nix"], stderr=full, env=account, timeout=60, check=False)
    assert done.returncode == 2


def test_errors_that_nobody_reads_change_no_status(monkeypatch) -> None:
    """When the reader of standard error has left, what is written to it is discarded."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        with substituting_output():
            sys.stderr.write("x")
            sys.stderr.flush()
            sys.stderr.write("y")
    assert sys.stderr is stream


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [("cp932", b"**** \\xe9 ok"), ("ascii", b"**** \\xe9 ok"), ("utf-8", "•••• é ok".encode())],
)
def test_our_characters_have_substitutes(encoding, expected, monkeypatch) -> None:
    """Ours are replaced by ASCII that looks alike, others by their code; the stream is as it was afterwards."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    with substituting_output():
        stream.write("•••• é ok")
    assert stream.errors == "strict"
    stream.flush()
    assert raw.getvalue() == expected


def test_a_stream_that_was_closed_is_left_alone(monkeypatch) -> None:
    """A command may close its output; decoding errors are left alone."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", object())
    with substituting_output():
        stream.detach()
    with pytest.raises(UnicodeDecodeError):
        terminal._substitute(UnicodeDecodeError("ascii", b"x", 0, 1, "why"))


def test_closed_standard_input_is_empty(monkeypatch) -> None:
    """A program that starts the command without standard input gets an answer, as without a terminal."""
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setattr(os, "open", lambda *_arguments: 2)
    with substituting_output():
        assert not sys.stdin.isatty()
        assert sys.stdin.buffer.read() == b""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b]0;title\x07\x1b[2J", "\\x1b]0;title\\x07\\x1b[2J"),
        ("\x9b2J\u2028", "\\x9b2J\\u2028"),
        ("\u202etxt.exe\u200f", "\\u202etxt.exe\\u200f"),
        ("ご予約 ok", "ご予約 ok"),
    ],
)
def test_control_characters_are_made_visible(text, expected) -> None:
    """Nothing that others wrote moves the cursor, sets the title or turns the text around."""
    assert visible(text) == expected
    assert format_value(text) == expected


def test_lines_stay_where_they_may() -> None:
    """A text of several lines is shown as such in a table, and as one line elsewhere."""
    assert visible("a\n\tb", lines=True) == format_value("a\n\tb") == "a\n\tb"
    assert visible("a\nb") == "a\\x0ab"


def test_json_has_no_control_characters_either() -> None:
    """What JSON itself does not escape is escaped, and read back as it was."""
    line = to_json({"text": "\x9b2J \x1b \u202e 予約"})
    assert line == '{"text": "\\u009b2J \\u001b \\u202e 予約"}'


def test_only_errors_of_the_output_count() -> None:
    """A file with a name that cannot be written is another matter."""
    assert is_write_error(OSError(errno.ENOSPC, "full"))
    assert not is_write_error(OSError(errno.ENOSPC, "full", "name"))
    assert not is_write_error(OSError(errno.ENOENT, "none"))
    assert not is_write_error(ValueError())


def test_the_status_shows_what_was_sent() -> None:
    """Nothing sent: the same command may be given again. Something sent: look first."""
    error = OSError(errno.ENOSPC, "No space left on device")
    assert output_error(error, sent=False).status == NOT_SENT
    assert output_error(error, sent=True).status == MAY_BE_SENT
    assert output_error(ValueError("why"), sent=True).message.startswith("the output cannot be written (why)")
