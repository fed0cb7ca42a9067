"""Where requests go: what comes first, and that no credentials go to another address than theirs."""

from __future__ import annotations

import socket
import sys
from functools import partial

import pytest
from cli_configuration import written
from faulty_server import FaultyServer, raw, reply

from xoxzo.cloudpy.cli.core import configuration, local_simulator
from xoxzo.cloudpy.cli.core.exit_codes import CREDENTIALS, CommandError

TWO = """\
[profiles.shop]
sid = "shop-sid-0123456789"
token = "shop-token"

[profiles.test]
sid = "test-sid"
token = "test-token"
host = "http://127.0.0.1:1/"
"""


def test_a_named_profile_comes_first(home, monkeypatch) -> None:
    """--profile beats XOXZO_PROFILE, which beats the environment's credentials; their address is not mixed in."""
    written(home, TWO)
    monkeypatch.setenv("XOXZO_API_SID", "env-sid")
    monkeypatch.setenv("XOXZO_API_AUTH_TOKEN", "env-token")
    monkeypatch.setenv("XOXZO_API_HOST", "https://elsewhere.example")
    assert configuration.resolve().sid == "env-sid"
    monkeypatch.setenv("XOXZO_PROFILE", "test")
    found = configuration.resolve()
    assert (found.profile, found.source, found.base_url) == ("test", "profile", "http://127.0.0.1:1")
    found = configuration.resolve("shop")
    assert (found.auth_token, found.base_url, found.is_simulator) == ("shop-token", configuration.LIVE, False)
    assert found.line == "→ live: api.xoxzo.com, profile shop (SID shop…)"
    assert "shop-token" not in repr(found)
    assert "0123456789" not in repr(found)


def test_the_environment_comes_before_the_configuration(home, monkeypatch) -> None:
    """Credentials of the environment are used with its address, or the live one."""
    written(home, TWO + "\n")
    monkeypatch.setenv("XOXZO_API_SID", "short")
    monkeypatch.setenv("XOXZO_API_AUTH_TOKEN", "env-token")
    found = configuration.resolve()
    assert (found.base_url, found.source, found.sid_masked) == (configuration.LIVE, "environment", "…")
    assert found.line == "→ live: api.xoxzo.com, credentials of the environment (SID …)"


def test_the_configuration_has_a_default(home) -> None:
    """`default` names the profile; one alone needs no name; several without a default are a question."""
    written(home, TWO)
    with pytest.raises(configuration.NoCredentials, match="several profiles: shop, test"):
        configuration.resolve()
    written(home, 'default = "test"\n' + TWO)
    assert (configuration.resolve().profile, configuration.resolve().source) == ("test", "config")
    written(home, TWO.partition("\n\n")[0])
    assert configuration.resolve().profile == "shop"
    assert configuration.names() == ["shop"]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"XOXZO_API_SID": "a"}, "XOXZO_API_SID is set, and XOXZO_API_AUTH_TOKEN is not"),
        ({"XOXZO_API_AUTH_TOKEN": "a"}, "XOXZO_API_AUTH_TOKEN is set, and XOXZO_API_SID is not"),
        (
            {"XOXZO_API_HOST": "https://a.example"},
            "XOXZO_API_HOST is set, and XOXZO_API_SID, XOXZO_API_AUTH_TOKEN is not",
        ),
        ({"XOXZO_API_HOST": "http://[half"}, "XOXZO_API_HOST is set"),
        ({}, "There are no credentials"),
    ],
)
def test_incomplete_credentials_are_reported(home, environment, expected, monkeypatch) -> None:
    """What is missing is named; the rest is not made up from elsewhere."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(configuration.NoCredentials, match=expected) as refused:
        configuration.resolve()
    assert refused.value.status == CREDENTIALS


def test_an_address_on_this_machine_needs_no_credentials(home, monkeypatch) -> None:
    """A simulator takes any, so that its address is enough."""
    monkeypatch.setenv("XOXZO_API_HOST", "http://localhost:8080/")
    found = configuration.resolve()
    assert (found.base_url, found.sid) == ("http://localhost:8080", "me")


@pytest.mark.parametrize(
    ("there", "line"),
    [
        ("simulator", "→ simulator {url}"),
        ("tunnel", "→ live: {url}, credentials of the environment (SID abcd…)"),
        ("dumb", "→ live: {url}, credentials of the environment (SID abcd…)"),
        ("secure", "→ live: {host}, credentials of the environment (SID abcd…)"),
        ("nothing", "→ {url}, where nothing listens"),
    ],
)
def test_a_simulator_is_known_by_what_it_answers(there, line, simulator_url, home, monkeypatch) -> None:
    """What stands on this machine and is no simulator may be a tunnel to the real service, and counts as that."""
    answer = raw(b"\x15\x03\x01") if there == "dumb" else reply(404, "{}")
    with FaultyServer(answer) as server, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = {
            "simulator": simulator_url,
            "secure": "https://127.0.0.1:9",
            "nothing": f"http://127.0.0.1:{free.getsockname()[1]}",
        }.get(there, server.url)
        names = (configuration.HOST, configuration.SID, configuration.TOKEN)
        for name, value in zip(names, (url, "abcd56789", "secret"), strict=True):
            monkeypatch.setenv(name, value)
        found = configuration.resolve()
        assert found.is_simulator is (there == "simulator")
        assert found.line == line.format(url=url, host=url.removeprefix("https://"))


def test_the_simulator_comes_before_everything(home, monkeypatch) -> None:
    """--simulator takes the one of this machine, whatever else is set."""
    monkeypatch.setenv("XOXZO_API_SID", "env-sid")
    monkeypatch.setenv("XOXZO_API_AUTH_TOKEN", "env-token")
    monkeypatch.setattr(local_simulator, "find_or_start", lambda: "http://127.0.0.1:9")
    found = configuration.resolve(simulator=True)
    assert (found.base_url, found.sid, found.source) == ("http://127.0.0.1:9", "me", "simulator")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (TWO, "no profile shpo in .*Did you mean 'shop'"),
        ("", "no profile shpo in"),
        ('[profiles.shpo]\ntoken = "a"', "profile shpo has no sid"),
        ('[profiles.shpo]\nsid = "a"\nhost = 1', "host must be an address"),
        ('[profiles.shpo]\nsid = "a"', "no token: token must be a text"),
        ('[profiles.shpo]\nsid = "a"\ntoken = {command = "x"}', "no token: token must be a text"),
    ],
)
def test_a_profile_that_cannot_be_used_is_reported(home, content, expected) -> None:
    """An error in a profile is reported, with a suggestion for a misspelt name."""
    written(home, content)
    with pytest.raises(CommandError, match=expected) as refused:
        configuration.resolve("shpo")
    assert refused.value.status == CREDENTIALS


def test_a_command_gives_the_token() -> None:
    """The first line of what a command writes is the token; the command gets its words without a shell."""
    script = "import sys; print(sys.argv[1]); print('more')"
    assert configuration.read_token("shop", {"command": [sys.executable, "-c", script, "a $HOME b"]}) == "a $HOME b"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["/nowhere/at-all"], "cannot be run: FileNotFoundError"),
        ([sys.executable, "-c", "print('half'); raise SystemExit(3)"], r"printed no token \(status 3\)"),
        ([sys.executable, "-c", "pass"], r"printed no token \(status 0\)"),
    ],
)
def test_a_command_that_gives_none_is_reported(command, expected) -> None:
    """A command that fails, or says nothing, is named, and nothing of what it wrote."""
    with pytest.raises(CommandError, match=expected) as refused:
        configuration.read_token("shop", {"command": command})
    assert "half" not in str(refused.value)


class Keyring:
    """A keyring of the tests."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, name: str) -> str | None:
        return self.kept.get((service, name))

    def set_password(self, service: str, name: str, token: str) -> None:
        self.kept[service, name] = token


class Locked:
    """A keyring that refuses."""

    def get_password(self, *_: str) -> str:
        raise RuntimeError("secret")

    set_password = get_password


def test_the_keyring_gives_the_token(monkeypatch) -> None:
    """`keyring:NAME` is looked up under that name, a bare `keyring:` under the profile's."""
    keyring = Keyring()
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    configuration.keep_in_keyring("shop", "kept")
    assert configuration.read_token("other", "keyring:shop") == configuration.read_token("shop", "keyring:") == "kept"
    with pytest.raises(CommandError, match="the keyring has no token called nobody"):
        configuration.read_token("shop", "keyring:nobody")


def test_a_keyring_that_refuses_is_reported(monkeypatch) -> None:
    """Neither a locked keyring nor a missing extra shows a trace, and nothing of what it said."""
    monkeypatch.setitem(sys.modules, "keyring", Locked())
    read = partial(configuration.read_token, "shop", "keyring:a")
    for access in (read, partial(configuration.keep_in_keyring, "a", "b")):
        with pytest.raises(CommandError, match="the keyring refuses: RuntimeError"):
            access()
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(CommandError, match=r"xoxzo-cloudpy\[keyring\]"):
        configuration.read_token("shop", "keyring:a")
