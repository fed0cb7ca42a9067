"""What Windows lacks is called behind a guard alone. The suite was never run there, so the source is checked."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
LACKING = {
    *("fork", "register_at_fork", "getuid", "geteuid", "getgid", "fchmod", "fchown", "chown", "setsid", "getpgid"),
    *("killpg", "mkfifo", "openpty", "statvfs", "pread", "pwrite", "WNOHANG", "O_CLOEXEC", "O_NOFOLLOW", "O_DIRECTORY"),
    *("SIGHUP", "SIGKILL", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGCHLD", "SIGPIPE", "SIGWINCH", "SIGTSTP"),
    *("setitimer", "pthread_kill", "pthread_sigmask", "sigwait", "add_signal_handler", "remove_signal_handler"),
    *("AF_UNIX", "send_fds", "recv_fds", "sendmsg", "MSG_DONTWAIT", "MSG_NOSIGNAL", "poll", "epoll", "kqueue"),
    *("CLOCK_BOOTTIME", "clock_gettime", "tzset", "isatty_fd"),
}
"""Attributes of ``os``, ``signal``, ``socket``, ``select``, ``time`` and event loops that are not there on Windows."""
MODULES = {"fcntl", "grp", "pty", "pwd", "readline", "resource", "termios", "tty", "uvloop"}
OWNERS = {"os", "signal", "socket", "select", "time"}
GUARDING_ERRORS = {"AttributeError", "ImportError", "ModuleNotFoundError", "NotImplementedError"}
GUARDING_WORDS = ("os.name", "sys.platform", "hasattr(", "getattr(")


def guarded(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Say whether a call is made only where a condition or an expected error lets it be."""
    child, parent = node, parents.get(node)
    while parent is not None:
        if guards(parent, child) or leaves_before(parent, node):
            return True
        child, parent = parent, parents.get(parent)
    return False


def guards(parent: ast.AST, child: ast.AST) -> bool:
    """Say whether one node protects another that stands in it."""
    if isinstance(parent, ast.If | ast.IfExp):
        return asks_for_the_system(parent.test)
    if isinstance(parent, ast.BoolOp | ast.GeneratorExp):
        return asks_for_the_system(parent)
    if isinstance(parent, ast.Try) and child in parent.body:
        return any(names_an_error(handler.type) for handler in parent.handlers if handler.type is not None)
    suppressing = isinstance(parent, ast.With) and "suppress(" in ast.unparse(parent.items[0])
    return suppressing and any(names_an_error(item) for item in parent.items)  # type: ignore[attr-defined]


def leaves_before(parent: ast.AST, node: ast.AST) -> bool:
    """Say whether a function is left on other systems before a node in it is reached."""
    if not isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    before = [each for each in ast.walk(parent) if isinstance(each, ast.If) and each.lineno < node.lineno]  # type: ignore[attr-defined]
    leaving = [each for each in before if isinstance(each.body[-1], ast.Return | ast.Raise | ast.Continue)]
    return any(asks_for_the_system(each.test) for each in leaving)


def asks_for_the_system(node: ast.AST) -> bool:
    """Say whether an expression depends on the operating system."""
    return any(word in ast.unparse(node) for word in GUARDING_WORDS)


def names_an_error(node: ast.AST) -> bool:
    """Say whether an error is named that is raised where something is missing."""
    return any(name in ast.unparse(node) for name in GUARDING_ERRORS)


def unguarded(text: str) -> list[str]:
    """Return each use of what Windows lacks that no guard protects, with its line."""
    tree = ast.parse(text)
    parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    found = []
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Attribute) and node.attr in LACKING:
            owner = ast.unparse(node.value)
            if owner in OWNERS or node.attr.endswith("signal_handler"):
                names = [f"{owner}.{node.attr}"]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name in MODULES]
        elif isinstance(node, ast.ImportFrom) and node.module:
            wanted = {*MODULES} if node.module in MODULES else set()
            names = [node.module] if wanted else []
            if node.module in OWNERS:
                names = [f"{node.module}.{alias.name}" for alias in node.names if alias.name in LACKING]
        found += [f"line {node.lineno}: {name}" for name in names if not guarded(node, parents)]
    return found


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("import os\nos.fork()", 1),
        ("import os\nif hasattr(os, 'fork'):\n    os.fork()", 0),
        ("import os\ndef f():\n    if os.name != 'posix':\n        return\n    os.fork()", 0),
        ("import os\ndef f():\n    os.fork()\n    if os.name != 'posix':\n        return", 1),
        ("loop.add_signal_handler(1, f)", 1),
        ("try:\n    loop.add_signal_handler(1, f)\nexcept NotImplementedError:\n    pass", 0),
        ("try:\n    pass\nexcept NotImplementedError:\n    loop.add_signal_handler(1, f)", 1),
        ("with suppress(NotImplementedError):\n    loop.add_signal_handler(1, f)", 0),
        ("with suppress(ValueError):\n    loop.add_signal_handler(1, f)", 1),
        ("import uvloop", 1),
        ("try:\n    import uvloop\nexcept ImportError:\n    pass", 0),
        ("from signal import SIGHUP", 1),
        ("from fcntl import flock", 1),
    ],
)
def test_the_check_finds_what_it_should(text: str, count: int) -> None:
    """A use without a guard is found, one behind a guard is not."""
    assert len(unguarded(text)) == count


def test_nothing_is_called_that_windows_lacks() -> None:
    """Every use in the package stands behind a guard."""
    found = {
        str(path.relative_to(SOURCE)): uses
        for path in sorted(SOURCE.rglob("*.py"))
        if (uses := unguarded(path.read_text(encoding="utf-8")))
    }
    assert found == {}
