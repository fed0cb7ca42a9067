"""What `import xoxzo.cloudpy` offers, and what it leaves unloaded."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

import xoxzo.cloudpy

# The public API. Programs use these names: rename or drop one here too, on purpose.
PINNED = {
    "APIError",
    "AsyncClient",
    "Attempt",
    "AuthenticationFailed",
    "BadRequest",
    "Call",
    "CallStatus",
    "CallbackRejected",
    "CampaignError",
    "CarrierLookup",
    "Client",
    "CodedError",
    "Conference",
    "ConferenceParticipant",
    "ConfigurationError",
    "ConnectionFailed",
    "Credits",
    "DialInNumber",
    "DialInSubscription",
    "FoundMessages",
    "InvalidArgument",
    "LinkTracking",
    "Message",
    "MessageStatus",
    "NotEnoughCredits",
    "NotFound",
    "OtpRequest",
    "OtpVerification",
    "OtpWebsite",
    "PermissionDenied",
    "RateLimited",
    "RawResponse",
    "RenderedText",
    "ResponseLost",
    "SendOptions",
    "SendResult",
    "SendResults",
    "SentMessage",
    "ServerError",
    "SimulatorError",
    "SmsInNumber",
    "SmsInSubscription",
    "SmsOptions",
    "StartedCall",
    "StartedConference",
    "StatusError",
    "Template",
    "TemplateStatus",
    "TimedOut",
    "UnexpectedResponse",
    "UnverifiedValueWarning",
    "XoxzoClient",
    "XoxzoError",
    "XoxzoResponse",
    "__version__",
}
EXPORTED = set(xoxzo.cloudpy.__all__)
HTTP = ("httptools", "httpcore2", "httpx2", "h11", "anyio", "httpx", "httpcore", "requests", "urllib3")
INIT = Path(xoxzo.cloudpy.__file__)

# No site module and no environment: only these paths can be imported from, and nothing is loaded beforehand.
PATHS = [str(INIT.parents[2]), *sorted({str(Path(str(one)).parent.parent) for one in [msgspec.__file__]})]


def fresh(program: str) -> Any:
    """Run a program in a fresh interpreter and give what it prints, as JSON."""
    prelude = f"import sys\nsys.path[:0] = {PATHS!r}\nbefore = set(sys.modules)\n"
    epilogue = "\nimport json\nprint(json.dumps(result))"
    command = [sys.executable, "-I", "-S", "-W", "error", "-c", prelude + program + epilogue]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={})
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def lives_in(value: type, module: str) -> bool:
    """Tell whether a class is made in a module, or in one of a package's own."""
    return f"{value.__module__}.".startswith(f"{module}.")


def test_no_name_is_exported_twice() -> None:
    """Each name has one module."""
    assert len(xoxzo.cloudpy.__all__) == len(EXPORTED)


def test_every_name_can_be_had() -> None:
    """Each name is there, carries it as its own, is documented, and is the same object every time."""
    for name in EXPORTED - {"__version__"}:
        value = getattr(xoxzo.cloudpy, name)
        assert getattr(xoxzo.cloudpy, name) is value
        assert (inspect.isclass(value), value.__name__, bool(value.__doc__)) == (True, name, True)


def test_the_public_names_are_pinned() -> None:
    """A name is renamed, dropped or added only together with the list above; a new endpoint may add its model."""
    from xoxzo.cloudpy import models

    assert PINNED <= EXPORTED, "programs use this name: change PINNED too, and write it into CHANGELOG.md"
    assert set(dir(models)) >= EXPORTED - PINNED, "change PINNED too, and write it into CHANGELOG.md"


def test_all_errors_and_models_are_exported() -> None:
    """Every public error and model is exported by the package."""
    from xoxzo.cloudpy import errors, models

    files = [Path(errors.__file__), *Path(models.__file__).parent.glob("[a-z]*.py")]
    modules = [import_module(".".join(file.with_suffix("").relative_to(INIT.parents[2]).parts)) for file in files]
    public = {
        name
        for module in modules
        for name, value in vars(module).items()
        if inspect.isclass(value) and value.__module__ == module.__name__ and not name.startswith("_")
    } - {"Model", "OpenEnum"}
    missing = sorted(public - EXPORTED)
    assert not missing, (
        f"add {missing} to src/xoxzo/cloudpy/__init__.py: to the imports for type checkers and to _MODULES"
    )


def test_import_star_takes_them_all() -> None:
    """``from xoxzo.cloudpy import *`` gives exactly these names."""
    names = fresh("from xoxzo.cloudpy import *\nresult = sorted(set(dir()) - {'sys', 'before'})")

    assert set(names) - {name for name in names if name.startswith("__")} == EXPORTED - {"__version__"}
    assert "__version__" in names


def test_dir_shows_every_name() -> None:
    """A shell that completes names finds them before anything has been loaded."""
    shown = fresh("import xoxzo.cloudpy\nresult = dir(xoxzo.cloudpy)")

    assert set(shown) >= EXPORTED
    assert shown == sorted(set(shown))
    assert set(dir(xoxzo.cloudpy)) >= EXPORTED


@pytest.mark.parametrize("name", ["Clinet", "requests", "_nothing", "errors_", "__wrapped__"])
def test_unknown_name(name: str) -> None:
    """A name that is none raises AttributeError in Python's usual words."""
    with pytest.raises(AttributeError, match=rf"^module 'xoxzo.cloudpy' has no attribute '{name}'$"):
        getattr(xoxzo.cloudpy, name)


def test_unknown_name_cannot_be_imported() -> None:
    """Importing a name that is none fails as from any module."""
    with pytest.raises(ImportError, match="cannot import name 'Clinet'"):
        exec("from xoxzo.cloudpy import Clinet")


def exported(module: Path) -> set[str]:
    """Return the classes of a module that a strict type checker takes for exported: defined in it, or imported so."""
    body = ast.parse(module.read_text("utf-8")).body
    imported = {name.name for node in body if isinstance(node, ast.ImportFrom) for name in node.names if name.asname}
    return imported | {node.name for node in body if isinstance(node, ast.ClassDef) and node.name[0] != "_"}


def test_what_type_checkers_see_is_what_is_handed_out() -> None:
    """The imports for type checkers name the same classes in the same modules as the table, and export them."""
    (guarded,) = [
        node
        for node in ast.parse(INIT.read_text("utf-8")).body
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    ]
    seen: dict[str, set[str]] = {}
    for node in guarded.body:
        assert isinstance(node, ast.ImportFrom)
        if node.module == "xoxzo.cloudpy":  # a module that is reached by its name
            assert {name.name for name in node.names} <= set(xoxzo.cloudpy._MODULES)
            continue
        assert (node.level, (node.module or "").startswith("xoxzo.cloudpy.")) == (0, True)
        names = {name.name for name in node.names}
        if names == {"*"}:
            names = exported(Path(import_module(node.module or "").__file__ or ""))
        else:
            assert [name.asname for name in node.names] == [name.name for name in node.names]
        seen[(node.module or "").removeprefix("xoxzo.cloudpy.")] = names

    table = {module: set(names.split()) for module, names in xoxzo.cloudpy._MODULES.items()}
    assert seen == table, "the imports for type checkers and _MODULES must have the same names"


def test_names_come_from_their_modules() -> None:
    """Each name is the one that its module defines, not one that passes through."""
    for module, names in xoxzo.cloudpy._MODULES.items():
        for name in names.split():
            assert lives_in(getattr(xoxzo.cloudpy, name), f"xoxzo.cloudpy.{module}")


def test_version() -> None:
    """The version is three numbers, and the metadata of the installed package says the same."""
    from importlib.metadata import version

    assert [part.isdecimal() for part in xoxzo.cloudpy.__version__.split(".")] == [True, True, True]
    assert version("xoxzo-cloudpy") == xoxzo.cloudpy.__version__


def test_import_loads_nothing() -> None:
    """``import xoxzo.cloudpy`` loads the package alone: no typing, no msgspec, no HTTP library."""
    loaded = fresh("import xoxzo.cloudpy\nresult = sorted(set(sys.modules) - before)")

    assert loaded == ["xoxzo", "xoxzo.cloudpy", "xoxzo.cloudpy.common", "xoxzo.cloudpy.common.version"]


@pytest.mark.parametrize("module", ["typing", "msgspec", "asyncio", "ssl", "re", "json", "simulator", "cli", *HTTP])
def test_import_does_not_load(module: str) -> None:
    """After ``import xoxzo.cloudpy`` none of these is loaded."""
    everything = fresh("import xoxzo.cloudpy\nresult = sorted(sys.modules)")

    assert module not in everything
    assert f"xoxzo.cloudpy.{module}" not in everything


@pytest.mark.parametrize(
    "make",
    [
        "xoxzo.cloudpy.Client(sid='s', auth_token='t').close()",
        "xoxzo.cloudpy.AsyncClient(sid='s', auth_token='t')",
        "xoxzo.cloudpy.XoxzoClient('s', 't')",
        "xoxzo.cloudpy.Client(sid='s', auth_token='t').with_options(timeout=1)",
    ],
)
def test_a_client_loads_no_http_library(make: str) -> None:
    """Making a client of any kind loads no HTTP library, no transport, no simulator and no command line."""
    loaded = fresh(f"import xoxzo.cloudpy\n{make}\nresult = sorted(set(sys.modules) - before)")

    assert [name for name in loaded if name.partition(".")[0] in HTTP] == []
    ours = {name.split(".")[2] for name in loaded if name.startswith("xoxzo.cloudpy.")}
    assert ours
    assert not ours & {"transports", "simulator", "cli", "testing", "campaigns"}


def test_an_error_loads_no_client() -> None:
    """To catch an error, a program need not load a client."""
    loaded = fresh("from xoxzo.cloudpy import XoxzoError\nresult = sorted(set(sys.modules) - before)")

    assert {name for name in loaded if name.startswith("xoxzo.")} == {
        "xoxzo.cloudpy",
        "xoxzo.cloudpy.errors",
        "xoxzo.cloudpy.common",
        "xoxzo.cloudpy.common.masking",
        "xoxzo.cloudpy.common.version",
    }


def test_names_are_kept_once_had() -> None:
    """A name that has been handed out is an ordinary attribute from then on."""
    result = fresh(
        "import xoxzo.cloudpy as package\n"
        "first = 'Credits' in vars(package)\n"
        "package.Credits\n"
        "result = [first, 'Credits' in vars(package), package.Credits is sys.modules['xoxzo.cloudpy.models'].Credits]"
    )

    assert result == [False, True, True]


def test_modules_can_still_be_imported() -> None:
    """A module of the package is reached by importing it, as from any package."""
    from xoxzo.cloudpy import text

    assert isinstance(text, ModuleType)
    assert text.measure("abc").parts == 1


@pytest.mark.parametrize("name", sorted({name.partition(".")[0] for name in xoxzo.cloudpy._MODULES}))
def test_modules_are_reached_by_their_names(name: str) -> None:
    """After ``import xoxzo.cloudpy`` alone a module of a public name is an attribute, as programs of 0.5 rely on."""
    assert fresh(f"import xoxzo.cloudpy\nresult = xoxzo.cloudpy.{name}.__name__") == f"xoxzo.cloudpy.{name}"
    assert xoxzo.cloudpy.__getattr__(name) is sys.modules[f"xoxzo.cloudpy.{name}"]


def test_the_package_is_marked_as_typed() -> None:
    """The package is marked as typed."""
    assert INIT.with_name("py.typed").is_file()
