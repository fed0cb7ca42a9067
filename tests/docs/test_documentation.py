"""What the documentation shows is run as it stands; CONTRIBUTING.md has the rules."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from database_servers import RedisServer
from users_environment import free_port, is_listening

from xoxzo.cloudpy.cli.commands.simulator import command as simulator_command

REPOSITORY = Path(__file__).parents[2]
# What Japanese pages show is the same as in the English ones; test_japanese_pages.py checks that.
RUN = [
    REPOSITORY / "README.md",
    *sorted(path for path in (REPOSITORY / "docs").rglob("*.md") if not path.name.endswith(".ja.md")),
]
READ = [*RUN, *sorted(path for path in [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")] if path not in RUN)]

FENCE = re.compile(r"^(?P<indent> *)(?P<fence>```+|~~~+)(?P<language>.*)$")
CONTINUES = "<!-- continues -->"
PRINTS = "<!-- prints -->"
# Examples may name the address that a simulator would have on the reader's machine.
ADDRESS = re.compile(r"http://(?:127\.0\.0\.1|localhost):\d+")


@dataclass(frozen=True)
class Block:
    """A fenced block: where it stands, what it is, the comment before it, and what it must print."""

    path: Path
    line: int
    language: str
    text: str
    mark: str
    printed: str = ""

    @property
    def place(self) -> str:
        return f"{self.path.relative_to(REPOSITORY)}:{self.line}"


def blocks_of(path: Path) -> Iterator[Block]:
    """Read the fenced blocks of a page, those in lists and admonitions too."""
    lines = iter(enumerate(path.read_text(encoding="utf-8").splitlines(), start=1))
    last_text = ""
    for number, line in lines:
        opening = FENCE.match(line)
        if not opening:
            last_text = line.strip() or last_text
            continue
        indent, fence = opening["indent"], opening["fence"]
        inside: list[str] = []
        for _, inner in lines:
            if inner.strip() == fence:
                break
            inside.append(inner.removeprefix(indent))
        else:
            pytest.fail(f"{path}:{number}: this block is never closed")
        yield Block(path, number, opening["language"].strip(), "\n".join(inside) + "\n", last_text)
        last_text = ""


def programs() -> list[Block]:
    """Join each block that continues onto the one before it, and give it what the page says it prints."""
    found: list[Block] = []
    for path in RUN:
        of_page: list[Block] = []
        for block in blocks_of(path):
            if block.mark == PRINTS:
                of_page.append(replace(of_page.pop(), printed=block.text))
            if block.language != "python":
                continue
            if block.mark == CONTINUES:
                before = of_page.pop()
                of_page.append(replace(before, text=before.text + "\n" + block.text))
            else:
                of_page.append(block)
        found += of_page
    return found


def sessions() -> list[Block]:
    """Give every block that shows a shell, but for the pages whose blocks follow each other."""
    return [
        block
        for path in RUN
        for block in blocks_of(path)
        if block.language == "console" and path.name not in {"many-machines.md", "before-you-send.md"}
    ]


def commands_of(block: Block) -> list[str]:
    r"""Give the lines after the ``$`` prompt, each joined with what follows a ``\`` at its end."""
    joined = block.text.replace("\\\n", " ")
    return [line.removeprefix("$ ").strip() for line in joined.splitlines() if line.startswith("$ ")]


def output_of(block: Block) -> re.Pattern[str]:
    """Make a pattern of the lines that a shell example shows as output: numbers and long ids may be others."""
    shown = re.sub(r"^\$ (?:.*\\\n)*.*\n", "", block.text, flags=re.MULTILINE)
    lines = [re.escape(" ".join(line.split())) for line in shown.splitlines() if line.strip()]
    alike = [re.sub(r"\d+", r"\\d+", re.sub(r"\w{20,}", r"\\w+", line.replace("…", ".*"))) for line in lines]
    return re.compile(".*".join(alike), re.DOTALL)


@pytest.fixture(scope="session")
def documented_simulator(start_simulator) -> Iterator[str]:
    """A simulator for the pages alone: their examples set rules and faults that other tests must not meet."""
    with start_simulator() as url:
        yield url


@pytest.fixture
def environment(documented_simulator: str, account: tuple[str, str], tmp_path: Path) -> dict[str, str]:
    """What a reader has set: address, credentials, our command on the path, and a curl that fails when the API does."""
    (tmp_path / ".curlrc").write_text("silent\nshow-error\nfail\n")
    return os.environ | {
        "XOXZO_API_HOST": documented_simulator,
        "XOXZO_API_SID": account[0],
        "XOXZO_API_AUTH_TOKEN": account[1],
        "CURL_HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "TZ": "Asia/Tokyo",
        "XOXZO_SIMULATOR": documented_simulator,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


@pytest.mark.parametrize("block", programs(), ids=lambda block: block.place)
def test_programs_run(block: Block, environment: dict[str, str], tmp_path: Path) -> None:
    """Every Python example is a program that ends well against the simulator."""
    program = tmp_path / "example.py"
    # Blank lines in front, so that a traceback shows the page's own line numbers.
    program.write_text("\n" * block.line + ADDRESS.sub(environment["XOXZO_API_HOST"], block.text), encoding="utf-8")

    finished = subprocess.run(
        [sys.executable, program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert finished.returncode == 0, f"{block.place}\n{finished.stdout}{finished.stderr}"
    assert not block.printed or finished.stdout == block.printed, block.place


def only_checked(command: str) -> bool:
    """Check by name what would set up, serve for ever or leave this machine; tell whether the command is such."""
    words = shlex.split(command)
    match words:
        case ["python3", "-m", "venv", ".venv"] | [".", ".venv/bin/activate"] | ["django-admin" | "pytest", *_]:
            pass
        case ["python", "manage.py", *_]:  # test_first_callback runs them
            pass
        case ["cd" | "git", *_]:
            assert words[0] == "cd" or words[1] == "clone", command
        case ["make", *rest]:
            targets = re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
            assert {word for word in rest if "=" not in word} <= set(targets), command
        case ["pip" | "python" | "python3", *_] if "pip" in words[:3]:
            project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
            named = re.fullmatch(r"xoxzo-cloudpy(?:\[([a-z,-]+)\])?", words[-1])
            assert named, command
            assert set((named[1] or "").split(",")) - {""} <= set(project["optional-dependencies"]), command
        case ["python", script] if script.startswith("scripts/"):
            assert (REPOSITORY / script).is_file(), command
        case ["export", *assignments] if all(one.startswith("XOXZO_API_") for one in assignments):
            pass
        case ["xoxzo", "simulator", *options] if "wait-ready" not in options:
            shown = subprocess.check_output([Path(sys.executable).with_name("xoxzo"), "simulator", "--help"], text=True)
            assert all(option.split("=")[0] in shown for option in options if option.startswith("--")), command
        case _:
            return False
    return True


@pytest.mark.parametrize("block", sessions(), ids=lambda block: block.place)
def test_commands_run(block: Block, environment: dict[str, str], tmp_path: Path) -> None:
    """Every shell example names what exists, and the commands that can be run here end well."""
    commands = [command for command in commands_of(block) if not only_checked(command)]
    assert commands_of(block), f"{block.place} shows no command: its lines begin with `$ `"
    if not commands:
        return
    if any(re.search(r"\bcurl\b", command) for command in commands) and not shutil.which("curl"):
        pytest.skip("curl is not installed")
    output = run_commands(commands, block.place, environment, tmp_path)
    if len(commands) == len(commands_of(block)):
        printed = "\n".join(" ".join(line.split()) for line in output.splitlines())
        assert output_of(block).search(printed), f"{block.place}: the output is now\n{output}"


def run_commands(
    commands: list[str], place: str, environment: dict[str, str], folder: Path, seconds: float = 60
) -> str:
    """Run commands in one shell, and return what they print; the first that fails is an error."""
    script = ADDRESS.sub(environment["XOXZO_API_HOST"], "\n".join(commands))

    finished = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )

    assert finished.returncode == 0, f"{place}\n{script}\n{finished.stdout}"
    return finished.stdout


def test_before_you_send(start_simulator, environment: dict[str, str], tmp_path: Path) -> None:
    """The commands of the page about the time before a campaign work, one after another."""
    page = REPOSITORY / "docs" / "guides" / "before-you-send.md"
    shown = [command for block in blocks_of(page) if block.language == "console" for command in commands_of(block)]
    commands = [command for command in shown if not only_checked(command)]
    with start_simulator() as url:  # of its own: other pages make the phones of theirs slow
        here = environment | {"XOXZO_API_HOST": url, "XOXZO_SIMULATOR": url}
        run_commands(commands, page.name, here, tmp_path, seconds=240)


def test_many_machines(environment: dict[str, str], database_url: str, redis: RedisServer, tmp_path: Path) -> None:
    """The commands of the page about many machines work, one after another, with real servers and a real worker."""
    page = REPOSITORY / "docs" / "guides" / "many-machines.md"
    shown = [command for block in blocks_of(page) if block.language == "console" for command in commands_of(block)]
    commands = [command for command in shown if not only_checked(command)]
    [worker] = [command for command in commands if command.startswith("celery ")]
    commands[commands.index(worker)] = (
        f"{worker} --loglevel info >worker.log 2>&1 & worker=$!; trap 'kill $worker; wait' EXIT"
    )
    sent = "until xoxzo campaign status spring --json | grep -q '\"sent\": [1-9]'; do sleep 0.2; done"
    commands.insert(commands.index("xoxzo campaign cancel spring"), sent)
    shutil.copy(REPOSITORY / "docs" / "examples" / "celery_shop" / "shop.py", tmp_path)
    script = "\n".join(commands).replace("postgresql:///shop", f"'{database_url}'")
    script = script.replace("redis://localhost:6379/0", redis.url)

    finished = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env=environment | {"C_FORCE_ROOT": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert finished.returncode == 0, f"{script}\n{finished.stdout}{finished.stderr}"
    log = (tmp_path / "worker.log").read_text()
    assert "autumn finished" in finished.stdout
    assert "WARNING/MainProcess" not in log


def until(holds: Callable[[], bool], output: Path) -> None:
    """Wait until something holds; an error shows what the program wrote."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, output.read_text()
        time.sleep(0.05)


def test_first_callback(environment: dict[str, str], tmp_path: Path) -> None:
    """A new Django project, with the files and the commands of the page, prints the report of its first SMS."""
    page, port, output = REPOSITORY / "docs" / "django.md", free_port(), tmp_path / "output"
    shown = [command for block in blocks_of(page) if block.language == "console" for command in commands_of(block)]
    start, migrate, serve, send = [one for one in shown if one.startswith(("django-admin ", "python manage.py "))]
    run_commands([start], page.name, environment, tmp_path)
    for name in ("first_callback/shop/settings.py", "first_callback/shop/urls.py", "django_shop/shop/receivers.py"):
        text = (REPOSITORY / "docs" / "examples" / name).read_text().replace(":8000", f":{port}")
        with (tmp_path / "shop" / Path(name).name).open("a" if "settings" in name else "w") as file:
            file.write(text)
    shutil.copy(REPOSITORY / "docs" / "examples" / "django_shop" / "shop" / "apps.py", tmp_path / "shop")
    run_commands([migrate], page.name, environment, tmp_path)
    command, here = [*serve.split(), str(port), "--noreload"], environment | {"PYTHONUNBUFFERED": "1"}
    with (
        output.open("w") as file,
        subprocess.Popen(command, cwd=tmp_path, env=here, stdout=file, stderr=subprocess.STDOUT) as server,
    ):
        try:
            until(lambda: is_listening(port), output)
            run_commands([send], page.name, environment, tmp_path)
            until(lambda: ": DELIVERED" in output.read_text(), output)
        finally:
            server.terminate()


@pytest.mark.parametrize("path", READ, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_blocks_have_a_language(path: Path) -> None:
    """A block without a language would be neither run nor coloured."""
    assert [block.place for block in blocks_of(path) if not block.language] == []


@pytest.mark.parametrize("path", READ, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_links_lead_somewhere(path: Path) -> None:
    """A relative link between pages leads to a file of the repository."""
    targets = re.findall(r"\]\((?!https?://|mailto:|#)([^)#\s]+)", path.read_text(encoding="utf-8"))

    assert [target for target in targets if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", RUN, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_titled_blocks_are_files(path: Path) -> None:
    """A block with a title shows a file of the examples, which have tests of their own, just as it stands there."""
    for block in blocks_of(path):
        if title := re.search(r'title="([^"]+)"', block.language):
            assert block.text == (REPOSITORY / "docs" / "examples" / title[1]).read_text(), block.place


def test_every_example_is_shown() -> None:
    """No example lies about that no page shows; what marks a package, starts Django or was made by it is left out."""
    examples = REPOSITORY / "docs" / "examples"
    files = {str(path.relative_to(examples)) for path in examples.rglob("*.py")}
    shown = {
        title for path in RUN for block in blocks_of(path) for title in re.findall(r'title="([^"]+)"', block.language)
    }
    left_out = re.compile(r"\w+_shop/(manage\.py|shop/__init__\.py|shop/migrations/\w+\.py)")
    assert shown == {name for name in files if not left_out.fullmatch(name)}


def test_words_that_people_search_for_are_there() -> None:
    """Each word that somebody with a problem would type into the search stands on a page of the documentation."""
    words = (
        "production, bulk, duplicate, unicode, emoji, logging, webhook, retry, idempotency, staging, cost, timeout, "
        "proxy, otp, two-factor, opt-out, schedule, gunicorn, docker, systemd, twilio, rate limit, dead man's switch"
    )
    pages = "\n".join(path.read_text(encoding="utf-8") for path in RUN if "reference" not in path.parts).lower()
    assert [word for word in re.split(", ", words) if word not in pages] == []


def test_the_table_of_the_simulators_options_is_complete() -> None:
    """The page about the simulator, in both languages, lists each option of the command."""
    for page in ("simulator.md", "simulator.ja.md"):
        rows = [row for row in (REPOSITORY / "docs" / page).read_text().splitlines() if row.startswith("| `--")]
        listed = set(re.findall(r"--[a-z-]+", "".join(row.split("|")[1] for row in rows)))
        assert listed == {option for param in simulator_command.params for option in param.opts}, page


def test_blocks_are_read(tmp_path: Path) -> None:
    """Blocks are found with their language, indentation and mark, and text between them ends a continuation."""
    page = tmp_path / "page.md"
    page.write_text(
        "```python\na = 1\n```\n<!-- continues -->\n\n```python\nprint(a)\n```\n\nText.\n\n"
        "- item\n\n    ```console\n    $ echo \\\n        hi\n    hi\n    ```\n\n```\nnothing\n```\n"
    )

    blocks = list(blocks_of(page))

    assert [(block.line, block.language, block.mark == CONTINUES) for block in blocks] == [
        (1, "python", False),
        (6, "python", True),
        (14, "console", False),
        (20, "", False),
    ]
    assert [" ".join(command.split()) for command in commands_of(blocks[2])] == ["echo hi"]
    assert output_of(replace(blocks[2], text="$ a\nhi, 7\n$ b \\\n  c\nyes\n")).search("hi, 12\nmore\nyes")
