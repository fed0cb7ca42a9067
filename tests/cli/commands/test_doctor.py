"""`xoxzo doctor`: real faults, each explained in plain words with the command that solves it."""

from __future__ import annotations

import json
import re
import socket
import ssl
import subprocess
import sys
from email.utils import formatdate
from importlib import metadata
from pathlib import Path
from time import time
from typing import Any

import pytest
import trustme
from click.testing import CliRunner, Result
from faulty_server import FaultyServer, hang, reply
from terminal import in_pipe, in_terminal

from xoxzo.cloudpy.cli.commands.doctor import checks as doctor_checks
from xoxzo.cloudpy.cli.commands.doctor.command import command, status_of
from xoxzo.cloudpy.cli.core import local_simulator

LIVE = "https://api.xoxzo.com"
CREDITS = '{"credits": 12.5}'


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user without configuration and simulators."""
    (tmp_path / "run").mkdir()
    for name, value in {"HOME": tmp_path, "XDG_RUNTIME_DIR": tmp_path / "run"}.items():
        monkeypatch.setenv(name, str(value))
    for name in ("XDG_CONFIG_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch):
    """Set the environment's account."""
    # A server of these tests that hangs is no simulator, which need not be found out in five seconds.
    monkeypatch.setattr(local_simulator, "_TIMEOUT_SECONDS", 1.0)

    def use(url: str, sid: str = "some-long-sid", token: str = "Secret7") -> None:
        for name, value in {"HOST": url, "SID": sid, "AUTH_TOKEN": token}.items():
            monkeypatch.setenv(f"XOXZO_API_{name}", value)

    return use


def doctor(*arguments: str) -> Result:
    """Run it in this process; no output ever holds the token."""
    result = CliRunner().invoke(command, list(arguments))
    assert "Secret7" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def checks(*arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Run it with --json; returns its status and the checks by name."""
    result = doctor(*arguments, "--json")
    output = json.loads(result.stdout)
    assert output["exit"] == result.exit_code
    assert output["ok"] is (result.exit_code == 0)
    return result.exit_code, {check["check"]: check for check in output["checks"]}


def test_all_is_well(simulator_url: str, use) -> None:
    """With a server that accepts the credentials everything is fine, and the balance is shown."""
    use(simulator_url)
    status, found = checks()
    assert status == 0
    assert list(found) == [
        "python",
        "extras",
        "configuration",
        "terminal",
        "simulator",
        "destination",
        "proxy",
        "certificates",
        "connection",
        "clock",
        "credentials",
    ]
    assert {check["state"] for check in found.values()} == {"fine", "skipped"}
    assert found["credentials"]["credits"] == 100_000
    assert found["credentials"]["sid"] == "some…"
    assert abs(found["clock"]["seconds_ahead"]) < 20
    assert "campaigns" in found["extras"]["installed"]
    people = doctor()
    assert people.exit_code == 0
    assert "\n✓ credentials     accepted (SID some…); 100,000 credits are left\n" in people.stdout
    assert people.stdout.endswith("\nNo problems were found.\n")


def test_a_wrong_token_is_status_4(start_simulator, use) -> None:
    """A simulator that accepts one pair refuses another; the error shows where the wrong one came from."""
    with start_simulator("--sid", "one", "--token", "two") as url:
        use(url)
        status, found = checks()
        assert status == 4
        assert found["credentials"]["state"] == "wrong"
        assert "does not know this SID with this token (SID some…)" in found["credentials"]["message"]
        assert found["credentials"]["advice"][0].startswith("They come from the environment.")
        assert found["connection"]["state"] == "fine"
        use(url, "one", "two")
        assert checks()[0] == 0


def test_a_profile_is_named(home: Path, simulator_url: str) -> None:
    """The configuration is looked at, and with it the account that --profile names."""
    path = home / ".config" / "xoxzo" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(f'[profiles.shop]\nsid = "some-long-sid"\ntoken = "Secret7"\nhost = "{simulator_url}"\n')
    path.chmod(0o600)
    status, found = checks("--profile", "shop")
    assert status == 0
    assert found["configuration"]["profiles"] == ["shop"]
    assert found["credentials"]["profile"] == "shop"
    with FaultyServer(reply(401)) as server:
        path.write_text(path.read_text().replace(simulator_url, server.url))
        assert checks()[1]["credentials"]["advice"][0].startswith("They come from profile shop.")


def test_variables_without_effect_are_noted(monkeypatch: pytest.MonkeyPatch, simulator_url: str, use) -> None:
    """A variable that nothing reads is named with the most similar one that is read; its value is not shown."""
    use(simulator_url)
    assert checks()[1]["configuration"]["unknown_variables"] == []
    for name in ("BASE_URL", "SENDER", "TOKEN"):
        monkeypatch.setenv(f"XOXZO_{name}", "Secret7")
    status, found = checks()
    assert (status, found["configuration"]["state"]) == (0, "note")
    assert found["configuration"]["advice"] == [
        "the environment: there is no setting XOXZO_BASE_URL",
        "Did you mean 'XOXZO_API_HOST'?",
        "the environment: there is no setting XOXZO_SENDER",
        "the environment: there is no setting XOXZO_TOKEN",
        "Did you mean 'XOXZO_API_AUTH_TOKEN'?",
    ]


def test_every_variable_that_is_read_is_known() -> None:
    """The list of variables has each that the source reads, and no other."""
    sources = Path(doctor_checks.__file__).parents[3].rglob("*.py")
    read = {name for source in sources for name in re.findall(r'"(XOXZO_[A-Z_]+)"', source.read_text("utf-8"))}
    # Keys of the options of Celery's messages.
    assert set(doctor_checks.VARIABLES.values()) == read - {"XOXZO_BEGUN", "XOXZO_RETRIED"}


def test_a_configuration_that_others_can_read_is_wrong(home: Path) -> None:
    """It is named with the command that mends it, once; nothing in it is used."""
    path = home / ".config" / "xoxzo" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text('[profiles.shop]\nsid = "some-long-sid"\ntoken = "Secret7"\nhost = "http://127.0.0.1:9"\n')
    path.chmod(0o644)
    with FaultyServer(reply(401)) as server:
        result = CliRunner().invoke(command, ["--json"], env={"XOXZO_API_HOST": server.url, "XOXZO_PROFILE": "shop"})
    output = {check["check"]: check for check in json.loads(result.stdout)["checks"]}
    assert result.exit_code == 3
    assert output["configuration"]["state"] == "wrong"
    assert output["configuration"]["advice"] == [f"Type: chmod 600 {path}"]
    assert output["destination"]["state"] == "skipped"
    assert "credentials" not in output


def test_without_credentials_the_server_is_looked_at_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials the request is refused; the advice lists what is missing, and the simulator."""
    with FaultyServer(reply(401)) as server:
        monkeypatch.setenv("XOXZO_API_HOST", server.url)
        monkeypatch.setenv("XOXZO_API_SID", "some-long-sid")
        status, found = checks()
        assert b"authorization" not in server.requests[0].lower()
    assert status == 4
    assert found["connection"]["state"] == "fine"
    assert "XOXZO_API_AUTH_TOKEN is not" in found["credentials"]["message"]
    assert found["credentials"]["advice"][-1] == "Without an account: xoxzo doctor --simulator"


def test_what_is_missing_is_reported_without_a_response_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an answer and without credentials both are wrong."""
    monkeypatch.setenv("XOXZO_API_HOST", "http://127.0.0.1:9")
    monkeypatch.setenv("XOXZO_API_SID", "some-long-sid")
    status, found = checks()
    assert status == 3
    assert {name for name, check in found.items() if check["state"] == "wrong"} == {"connection", "credentials"}


def test_an_untrusted_certificate_is_reported(use) -> None:
    """A certificate of an unknown authority is reported, with the variable that adds the authority."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with FaultyServer(reply(200, CREDITS), tls=context) as server:
        use(server.url)
        status, found = checks()
        assert status == 3
        assert "the certificate of 127.0.0.1 is not trusted: " in found["connection"]["message"]
        assert "unable to get local issuer certificate" in found["connection"]["message"]
        assert found["connection"]["advice"][0].endswith("export SSL_CERT_FILE=/path/to/its/ca.pem")
        assert found["clock"]["state"] == found["credentials"]["state"] == "skipped"


def test_the_authority_that_is_named_is_trusted(use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What SSL_CERT_FILE names counts, for this check as for the transport."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with FaultyServer(reply(200, CREDITS), tls=context) as server:
        use(server.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        status, found = checks()
    assert status == 0
    assert found["certificates"]["authorities"] == 1
    assert found["certificates"]["source"] == f"SSL_CERT_FILE={tmp_path / 'ca.pem'}"
    assert found["credentials"]["credits"] == 12.5


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_invalid_certificates_are_reported(variable: str, use, tmp_path: Path, monkeypatch) -> None:
    """A file without certificates, a missing one and an empty folder are named, with the way out."""
    use("https://127.0.0.1:9")
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("no certificate")
    # A server's certificate is no authority.
    trustme.CA().issue_cert("127.0.0.1").cert_chain_pems[0].write_to_path(str(tmp_path / "leaf"))
    folder = variable == "SSL_CERT_DIR"
    for name in ("empty", "none") if folder else ("text", "none", "leaf"):
        monkeypatch.setenv(variable, str(tmp_path / name))
        status, found = checks()
        assert status == 3
        assert found["certificates"]["state"] == "wrong"
        assert found["certificates"]["advice"] == [f"Type: unset {variable}"]
    if folder:
        (tmp_path / "empty" / "0a1b2c3d.0").write_text("is looked at in the handshake")
        monkeypatch.setenv(variable, str(tmp_path / "empty"))
        assert checks()[1]["certificates"]["state"] == "fine"


def test_other_stores_of_certificates(use, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check by the system during the handshake is reported; a machine without authorities is wrong."""

    class Truststore(ssl.SSLContext):
        pass

    use("https://127.0.0.1:9")
    made = "xoxzo.cloudpy.transports.tls.default_context"
    monkeypatch.setattr(made, lambda: Truststore(ssl.PROTOCOL_TLS_CLIENT))
    assert checks()[1]["certificates"]["message"].endswith("trusted: the operating system's store")
    monkeypatch.setattr(made, lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    nowhere = ssl.get_default_verify_paths()._replace(openssl_capath="/nowhere", openssl_cafile="/nowhere.pem")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nowhere)
    found = checks()[1]["certificates"]
    assert found["message"] == "no certificate authority is known to /nowhere.pem"
    assert "apt-get install ca-certificates" in found["advice"][0]


def test_a_proxy_that_refuses_is_reported(use, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that says no, and one that is not there: both are named without their password."""
    use(LIVE)
    with FaultyServer(reply(403)) as server:
        monkeypatch.setenv("HTTPS_PROXY", server.url.replace("//", "//user:Secret7@"))
        status, found = checks()
    assert status == 3
    assert found["proxy"] | {"state": "fine", "address": server.url, "variable": "HTTPS_PROXY"} == found["proxy"]
    assert found["connection"]["message"].startswith(f"the proxy {server.url} does not let through: the proxy refused")
    assert found["connection"]["advice"][0].endswith("export NO_PROXY=api.xoxzo.com")
    shown = doctor()
    assert f"the proxy {server.url} does not let through: no connection:" in shown.stdout
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(socket, "getaddrinfo", _no_such_name)
    assert "none for this address, although HTTPS_PROXY is set" in doctor().stdout


def _no_such_name(*_args: object, **_options: object) -> None:
    raise socket.gaierror(-2, "Name or service not known")


@pytest.mark.parametrize("address", ["foo://127.0.0.1:9", "http://127.0.0.1:x", "http://"])
def test_a_proxy_that_is_invalid_is_reported(address: str, use, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheme that is not spoken, or no address, is wrong."""
    use(LIVE)
    monkeypatch.setenv("ALL_PROXY", address)
    status, found = checks()
    assert status == 3
    assert found["proxy"]["state"] == "wrong"
    assert found["proxy"]["message"].startswith("ALL_PROXY ")
    assert "http://" in found["proxy"]["message"]


def test_the_systems_proxy_is_reported(use, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that no variable names comes from the system's settings."""
    use(LIVE)
    monkeypatch.setattr("urllib.request.getproxies", lambda: {"https": "http://127.0.0.1:9"})
    assert checks()[1]["proxy"]["message"] == "http://127.0.0.1:9, from the system's settings"


@pytest.mark.parametrize(
    ("off", "state", "expected"),
    [(-3600.0, "wrong", "ahead of the server's"), (3600.0, "wrong", "behind the server's"), (-20.0, "note", "ahead")],
)
def test_a_clock_that_is_off_is_reported(off: float, state: str, expected: str, use) -> None:
    """It is compared with the server's: a few seconds are noted, a minute is wrong."""
    with FaultyServer(reply(200, CREDITS, date=formatdate(time() + off, usegmt=True))) as server:
        use(server.url)
        status, found = checks()
    assert status == (3 if state == "wrong" else 0)
    assert found["clock"]["state"] == state
    assert expected in found["clock"]["message"]
    assert abs(found["clock"]["seconds_ahead"] + off) < 10


@pytest.mark.parametrize(
    ("answer", "check", "state", "expected"),
    [
        (reply(503), "connection", "wrong", "has a problem: status 503"),
        (reply(200, "<html>Please log in</html>"), "connection", "wrong", "is not Xoxzo's: status 200"),
        (reply(302, location="http://portal/"), "connection", "wrong", "is not Xoxzo's: status 302"),
        (reply(200, CREDITS), "clock", "skipped", "the server's response has no time"),
        (reply(429), "credentials", "note", "too many requests"),
        (reply(403), "credentials", "wrong", "must not read its balance from here"),
        (reply(200, CREDITS, date="yesterday"), "clock", "skipped", "the server's response has no time"),
        (hang, "connection", "wrong", "does not answer within 0.2 s"),
    ],
)
def test_what_a_server_may_say(answer, check: str, state: str, expected: str, use) -> None:
    """Each response has its explanation."""
    with FaultyServer(answer) as server:
        use(server.url)
        found = checks("--timeout", "0.2")[1]
    assert found[check]["state"] == state
    assert expected in found[check]["message"]


def test_nothing_there_and_no_such_name(use, monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed port, here and elsewhere, and a host name that does not exist."""
    use("http://127.0.0.1:9")
    assert checks()[1]["connection"]["advice"] == ["Type: xoxzo simulator"]
    use("https://127.0.0.1:9")
    found = checks()[1]["connection"]
    assert found["message"].startswith("nothing answers at https://127.0.0.1:9: no connection")
    assert found["advice"] == ["Check the network and the firewall."]
    use("https://nobody.invalid")
    monkeypatch.setattr(socket, "getaddrinfo", _no_such_name)
    assert checks()[1]["connection"]["message"] == "there is no machine called nobody.invalid"


@pytest.mark.parametrize(
    ("url", "sid"), [("http://192.0.2.1", "sid"), ("https://[", "sid"), ("http://127.0.0.1:9", "a:b")]
)
def test_an_address_or_sid_that_is_invalid_is_reported(url: str, sid: str, use) -> None:
    """It is reported before any prompt or request."""
    use(url, sid)
    status, found = checks()
    assert status == 3
    wrong = {name for name, check in found.items() if check["state"] == "wrong"}
    assert wrong == ({"destination"} if sid == "sid" else {"connection"})


def test_the_simulator_is_looked_at_on_request(simulator_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """--simulator means the one of this machine, and never the real service when there is none."""
    monkeypatch.setenv("XOXZO_SIMULATOR", simulator_url)
    status, found = checks("--simulator")
    assert (status, found["destination"]["source"]) == (0, "simulator")
    assert found["simulator"]["named"] == simulator_url
    monkeypatch.setenv("XOXZO_SIMULATOR", "http://127.0.0.1:9")
    status, found = checks("--simulator")
    assert status == 3
    assert found["simulator"]["advice"] == ["Start one there, or type: unset XOXZO_SIMULATOR"]
    assert list(found)[-1] == "simulator", "what is wrong is said once, and nobody is asked"
    for wrong in (("--simulator", "--profile", "x"), ("--timeout", "inf")):
        assert doctor(*wrong).exit_code == 2


def test_old_and_missing_packages_are_reported(use, simulator_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an extra lacks makes it one that could be installed; what is too old is wrong."""
    use(simulator_url)
    real = metadata.version

    def version(name: str) -> str:
        if name == "mcp":
            raise metadata.PackageNotFoundError
        return {"phonenumbers": "8.13.0", "django": "5.2.0"}.get(name) or real(name)

    monkeypatch.setattr(metadata, "version", version)
    status, found = checks()
    assert status == 3
    assert found["extras"]["missing"] == ["mcp"]
    assert "phonenumbers 8.13.0, and phone needs 9.0.33" in found["extras"]["too_old"]
    assert found["extras"]["advice"][0].startswith('Type: pip install --upgrade "xoxzo-cloudpy[cli,')
    monkeypatch.setattr(metadata, "version", lambda name: version(name) if name == "mcp" else real(name))
    assert 'an assistant that uses Xoxzo, within limits: pip install "xoxzo-cloudpy[mcp]"' in doctor().stdout
    monkeypatch.setattr(metadata, "requires", _not_installed)
    assert checks()[1]["extras"]["state"] == "note"


def _not_installed(name: str) -> None:
    raise metadata.PackageNotFoundError(name)


def test_every_extra_of_the_project_is_known() -> None:
    """The table names each extra that the distribution has."""
    assert set(doctor_checks.PURPOSES) == set(doctor_checks._requirements())


def test_the_worst_decides() -> None:
    """The status is 4 when the credentials alone are wrong, and 3 when anything else is."""
    wrong, other = (doctor_checks.Finding(check, "wrong", "") for check in ("credentials", "clock"))
    assert [status_of(found) for found in ([], [wrong], [other], [wrong, other])] == [0, 4, 3, 3]


def test_a_terminal_gets_colours_and_its_language(simulator_url: str, tmp_path: Path) -> None:
    """In Japanese everything is in Japanese, in green; columns are as wide as their characters."""
    account = {"XOXZO_API_HOST": simulator_url, "XOXZO_API_SID": "some-long-sid", "XOXZO_API_AUTH_TOKEN": "x"}
    with in_terminal("doctor", LC_ALL="ja_JP.UTF-8", **account) as terminal:
        assert terminal.end() == 0
        lines = terminal.coloured.splitlines()
    assert "[green]✓[/] 証明書          不要です。" in terminal.coloured.replace("–", "[green]✓[/]")
    assert lines[-1] == "[green bold]問題は見つかりませんでした。[/]"
    assert "100 × 100 文字" in terminal.screen


def test_an_encoding_without_japanese_is_reported() -> None:
    """If the encoding lacks the symbols and Japanese, ASCII symbols and English are used, with a note."""
    done = in_pipe("doctor", "--timeout", "0.2", XOXZO_API_HOST="http://127.0.0.1:9", PYTHONIOENCODING="latin-1")
    assert done.status == 3
    assert "\n! terminal        no terminal, " in done.out
    assert ", English: Japanese cannot be shown in this encoding\n" in done.out
    assert "x connection      nothing answers" in done.out
    assert "export LC_ALL=C.UTF-8" in done.out


def test_it_loads_no_more_than_it_needs() -> None:
    """Its help loads neither network nor TLS."""
    program = (
        "import sys; before = set(sys.modules)\n"
        "from click.testing import CliRunner; from xoxzo.cloudpy.cli.commands.doctor.command import command\n"
        "assert CliRunner().invoke(command, ['--help']).exit_code == 0\n"
        "print(*({'httptools', 'ssl', 'msgspec', 'tomllib', 'importlib.metadata'} & set(sys.modules) - before))"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "\n"
