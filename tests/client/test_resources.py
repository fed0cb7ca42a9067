"""The two clients have the same methods, parameters and docstrings."""

from __future__ import annotations

import importlib
import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from xoxzo.cloudpy import AsyncClient, Client, SendOptions, SendResult, SendResults, SmsOptions, phone

REPOSITORY = Path(__file__).parents[2]
PACKAGE = Path("src/xoxzo/cloudpy/client")
SCRIPT = Path("scripts/unasync.py")


def twins() -> list[tuple[type, type]]:
    """Return each class of a resource as it is for asyncio and for threads, and the two clients."""
    pairs = []
    for path in sorted((REPOSITORY / PACKAGE / "_sync").glob("[a-z]*.py")):
        sync = importlib.import_module(f"xoxzo.cloudpy.client._sync.{path.stem}")
        asynchronous = importlib.import_module(f"xoxzo.cloudpy.client._async.{path.stem}")
        if path.stem == "driver":
            continue
        pairs += [
            (getattr(asynchronous, f"Async{name}"), value)
            for name, value in vars(sync).items()
            if inspect.isclass(value) and value.__module__ == sync.__name__ and not name.startswith("_")
        ]
    return [*pairs, (AsyncClient, Client)]


TWINS = twins()
DUNDERS = {"__aenter__": "__enter__", "__aexit__": "__exit__"}


def methods(kind: type) -> dict[str, Any]:
    """Collect the public methods of a class, and its constructor."""
    return {
        name: value
        for name, value in vars(kind).items()
        if inspect.isfunction(value) and (not name.startswith("_") or name == "__init__" or name in DUNDERS.values())
    }


def without_async(text: str) -> str:
    """Take out of an annotation or a docstring what must differ between the twins."""
    return re.sub(r"\bAsync(?=[A-Z])", "", re.sub(r"Awaitable\[(\w+)\]", r"\1", text))


PAIRS = [
    pytest.param(function, vars(sync)[name], id=f"{sync.__name__}.{name}")
    for asynchronous, sync in TWINS
    for name, function in methods(asynchronous).items()
    if name in vars(sync)
]


@pytest.mark.parametrize(("asynchronous", "sync"), TWINS, ids=lambda kind: kind.__name__)
def test_twins_have_the_same_methods(asynchronous: type, sync: type) -> None:
    """No method is only on one side."""
    assert {DUNDERS.get(name, name) for name in vars(asynchronous) if name in DUNDERS} <= set(vars(sync))
    assert set(methods(asynchronous)) - set(DUNDERS.values()) == set(methods(sync)) - set(DUNDERS.values())
    assert sync.__name__ == without_async(asynchronous.__name__)


@pytest.mark.parametrize(("asynchronous", "sync"), PAIRS)
def test_twins_have_the_same_signature(asynchronous: Any, sync: Any) -> None:
    """Parameters, types, docstrings and what is returned are the same, and the synchronous one is no coroutine."""
    first, second = inspect.signature(asynchronous), inspect.signature(sync)

    assert list(first.parameters) == list(second.parameters)
    for one, other in zip(first.parameters.values(), second.parameters.values(), strict=True):
        assert (one.kind, one.default) == (other.kind, other.default), one.name
        assert without_async(str(one.annotation)) == without_async(str(other.annotation)), one.name
    assert without_async(str(first.return_annotation)) == str(second.return_annotation)
    assert without_async(inspect.getdoc(asynchronous) or "") == (inspect.getdoc(sync) or "")
    assert not inspect.iscoroutinefunction(sync)
    assert not inspect.isasyncgenfunction(sync)


@pytest.mark.parametrize(("asynchronous", "sync"), TWINS, ids=lambda kind: kind.__name__)
def test_public_methods_say_what_they_raise(asynchronous: type, sync: type) -> None:
    """Every public method has a docstring that names each of its parameters."""
    for kind in (asynchronous, sync):
        for name, function in methods(kind).items():
            if name.startswith("_"):
                continue
            documentation = inspect.getdoc(function) or ""
            assert documentation, name
            for parameter in list(inspect.signature(function).parameters)[1:]:
                assert re.search(rf"^ +{parameter}: ", documentation, re.MULTILINE), f"{name}: {parameter}"


def test_clients_take_keywords_only() -> None:
    """Both clients take the same arguments, all by keyword, none of them required."""
    expected = {
        "sid": None,
        "auth_token": None,
        "base_url": None,
        "timeout": None,
        "deadline": None,
        "max_retries": None,
        "max_connections": 10,
        "rate": None,
        "allowed_recipients": None,
        "proxy": None,
        "ssl_context": None,
        "transport": None,
        "app_info": None,
        "default_headers": None,
        "on_event": None,
    }

    for kind in (Client, AsyncClient):
        parameters = inspect.signature(kind).parameters.values()
        assert {one.name: one.default for one in parameters} == expected
        assert {one.kind for one in parameters} == {inspect.Parameter.KEYWORD_ONLY}
        assert all(re.search(rf"^ +{one.name}: ", inspect.getdoc(kind) or "", re.MULTILINE) for one in parameters)


def test_clients_have_the_same_resources() -> None:
    """What stands behind a client's attributes is the twin of what stands behind the other's."""
    with Client(sid="s", auth_token="t") as client:
        sync = {name: type(value) for name, value in vars(client).items() if not name.startswith("_")}
    other = AsyncClient(sid="s", auth_token="t")
    asynchronous = {name: type(value) for name, value in vars(other).items() if not name.startswith("_")}

    assert {name: sync[name] for name in asynchronous} == {
        name: dict(TWINS)[kind] for name, kind in asynchronous.items()
    }
    assert list(sync) == list(asynchronous)
    assert set(asynchronous.values()) == {kind for kind, _ in TWINS} - {AsyncClient}


def test_options_of_a_call_are_options_of_a_client() -> None:
    """What ``with_options`` changes are arguments of the client with the same types, but for what one send may need."""
    for kind in (Client, AsyncClient):
        whole = inspect.signature(kind.__init__).parameters
        for one in list(inspect.signature(kind.with_options).parameters.values())[1:-1]:
            assert (whole[one.name].annotation, whole[one.name].default) == (one.annotation, one.default)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy the script, the clients and the resources, laid out as in the repository."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(REPOSITORY / SCRIPT, tmp_path / SCRIPT)
    shutil.copytree(REPOSITORY / PACKAGE, tmp_path / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def unasync(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the script of a tree."""
    return subprocess.run(
        [sys.executable, "-I", str(root / SCRIPT), *options], capture_output=True, text=True, check=False, cwd=root
    )


def snapshot(root: Path) -> dict[str, str]:
    """Read every synchronous module of a tree."""
    paths = [root / PACKAGE / "client.py", *(root / PACKAGE / "_sync").glob("*.py")]
    return {path.name: path.read_text("utf-8") for path in paths}


def test_sync_resources_are_up_to_date() -> None:
    """The committed synchronous resources are what the script writes."""
    done = unasync(REPOSITORY, "--check")

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ("_async/sms.py", "sms.py"),
        ("_sync/sms.py", "sms.py"),
        ("_async/new.py", "new.py"),
        ("_sync/new.py", "new.py"),
        ("client.py", "client.py"),
        ("async_client.py", "client.py"),
    ],
)
def test_check_notices_every_change(copy: Path, changed: str, expected: str) -> None:
    """A change or a new file on either side fails the check, which names the file and writes nothing."""
    with (copy / PACKAGE / changed).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    before = snapshot(copy)
    done = unasync(copy, "--check")

    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if expected in line] == done.stderr.splitlines()
    assert expected in done.stderr
    assert snapshot(copy) == before


def test_check_notices_a_missing_file(copy: Path) -> None:
    """A synchronous module that was not written fails the check."""
    (copy / PACKAGE / "_sync/sms.py").unlink()

    assert unasync(copy, "--check").returncode == 1


def test_writing_mends_everything(copy: Path) -> None:
    """Without ``--check`` the script rewrites what differs, adds what is missing and removes what has no source."""
    wanted = snapshot(copy)
    (copy / PACKAGE / "_sync/sms.py").write_text("changed", "utf-8")
    (copy / PACKAGE / "_sync/calls.py").unlink()
    (copy / PACKAGE / "_sync/stray.py").write_text("", "utf-8")

    assert unasync(copy).returncode == 0
    assert snapshot(copy) == wanted
    assert unasync(copy, "--check").returncode == 0


@pytest.mark.parametrize("pair", TWINS, ids=lambda pair: pair[1].__name__)
def test_the_types_of_all_arguments_can_be_resolved(pair: tuple[type, type]) -> None:
    """What makes a tool or a task of a method finds the types of its arguments and of its result at run time."""
    for kind in pair:
        for method in methods(kind).values():
            get_type_hints(method)


def test_the_types_of_options_and_results_can_be_resolved() -> None:
    """Options are validated, and results kept, by what reads annotations at run time."""
    for kind in (SendOptions, SmsOptions, SendResult, SendResults, phone.parse):
        assert get_type_hints(kind)


def test_generated_files_say_so() -> None:
    """A generated file names its source, and contains nothing asynchronous."""
    for name, text in snapshot(REPOSITORY).items():
        origin = "async_client.py" if name == "client.py" else "../_async"
        assert text.startswith(f"# Written by scripts/unasync.py from {origin}: change it there.\n"), name
        assert not re.search(r"\b(async|await)\b|Async|_async\b", text.partition("\n")[2]), name
