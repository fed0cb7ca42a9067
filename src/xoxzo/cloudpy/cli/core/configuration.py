"""The configuration file with accounts and defaults, and the choice of the destination of requests, for all commands.

The file may contain a token, so others must not be able to read it.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import click

from xoxzo.cloudpy.cli.core.exit_codes import CREDENTIALS, CommandError, invalid_arguments_as_errors, writing
from xoxzo.cloudpy.cli.core.i18n import _, did_you_mean
from xoxzo.cloudpy.cli.core.inputs import parse_credits
from xoxzo.cloudpy.common.hosts import may_be_simulator
from xoxzo.cloudpy.common.user_files import config_folder

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

VARIABLE = "XOXZO_CONFIG"
_COMMON_SETTINGS = ("sender", "caller", "country", "confirm_above", "allowed_recipients")
SETTINGS = ("default", *_COMMON_SETTINGS)
"""The settings at the top of the file."""
PROFILE_SETTINGS = ("sid", "host", *_COMMON_SETTINGS)
"""The settings of a profile, besides its token."""
KEYRING = "keyring:"
_SERVICE = "xoxzo"
_COMMAND_TIMEOUT_SECONDS = 60
PROFILE = "XOXZO_PROFILE"
SID, TOKEN, HOST = "XOXZO_API_SID", "XOXZO_API_AUTH_TOKEN", "XOXZO_API_HOST"
LIVE = "https://api.xoxzo.com"
SIMULATOR_CREDENTIALS = ("me", "secret")
"""Credentials for a simulator, which accepts any."""

Source = Literal["simulator", "profile", "environment", "config"]


def path() -> Path:
    """Return the path of the configuration file, by ``XOXZO_CONFIG``, ``XDG_CONFIG_HOME`` or ``~/.config``."""
    if given := os.environ.get(VARIABLE):
        return Path(given).expanduser()
    return config_folder() / "config.toml"


def load(*, any_name: bool = False) -> dict[str, Any]:
    """Read the configuration, {} without one, or raise `CommandError`: also for unknown settings, unless `any_name`."""
    where = path()
    try:
        with where.open("rb") as file:
            mode, content = os.fstat(file.fileno()).st_mode, file.read()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise CommandError(_("{path} cannot be read: {why}", path=where, why=error.strerror or error)) from None
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        shown = f"{mode & 0o777:04o}"
        line = _("{path} can be read by others (mode {mode}), and it may hold a token.", path=where, mode=shown)
        raise CommandError(line, _("Type: {command}", command=f"chmod 600 {where}"), status=CREDENTIALS)
    import tomllib

    try:
        found = tomllib.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        # The line could contain the token: the message has its position, not its text.
        again = _("Correct it in an editor, or move it away and start again: xoxzo config add-profile NAME")
        raise CommandError(_("{path} is not TOML: {why}", path=where, why=error), again) from None
    profiles = found.get("profiles", {})
    if not isinstance(profiles, dict) or not all(isinstance(table, dict) for table in profiles.values()):
        raise CommandError(_("{path}: profiles must be tables, as in [profiles.shop]", path=where))
    if not any_name:
        for problem in unknown_settings(found):
            raise problem
    return found


def unknown_settings(found: dict[str, Any]) -> Iterator[CommandError]:
    """Yield an error for each unknown setting of a configuration, with the most similar name."""
    tables: list[tuple[str | None, dict[str, Any], tuple[str, ...]]] = [
        (None, {name: value for name, value in found.items() if name != "profiles"}, SETTINGS)
    ]
    tables += [(name, table, (*PROFILE_SETTINGS, "token")) for name, table in found.get("profiles", {}).items()]
    for profile, table, known in tables:
        section, option = (f", [profiles.{profile}]", f" --profile {profile}") if profile else ("", "")
        for name in (name for name in table if name not in known):
            yield CommandError(
                _("{path}: there is no setting {name}", path=f"{path()}{section}", name=name),
                did_you_mean(name, known) or ", ".join(known),
                _("To take it away: {command}", command=f"xoxzo config unset {name}{option}"),
            )


def default(name: str, profile: dict[str, Any] | None, kind: type | tuple[type, ...] = str) -> Any:  # noqa: ANN401
    """Return a setting of the profile, else of the file, else ``None``; raise `CommandError` if its type is wrong."""
    for table in (profile or {}, load()):
        if name in table:
            value = table[name]
            if isinstance(value, bool) or not isinstance(value, kind):
                advice = _("Type: {command}", command=f"xoxzo config set {name} …")
                raise CommandError(_("{path}: {name} is of the wrong kind", path=path(), name=name), advice)
            return value
    return None


def read_setting(name: str, value: str, known: Sequence[str]) -> str | int | float | list[str]:
    """Parse the value of a setting by the rules of the API calls that use it, or raise `CommandError`."""
    if name not in known:
        similar = did_you_mean(name, known) or ", ".join(known)
        raise CommandError(_("There is no setting {name} here.", name=name), similar)
    if name == "confirm_above":
        limit = parse_credits(value)
        return int(limit) if limit == limit.to_integral_value() else float(limit)
    if name == "allowed_recipients":
        return [each.strip() for each in value.split(",") if each.strip()]
    from xoxzo.cloudpy.operations import checks

    rules: dict[str, Callable[[str], str]] = {"sender": checks.sender, "caller": checks.caller}
    rules |= {"country": partial(checks.formatted, name), "host": partial(checks.url, name)}
    with invalid_arguments_as_errors():
        rules.get(name, partial(checks.text, name))(value)
    return value


@contextmanager
def edit_config(*, any_name: bool = False) -> Iterator[TOMLDocument]:
    """Yield the configuration to be changed, and write it, or raise `CommandError`; `any_name` as for `load`."""
    import tomlkit

    load(any_name=any_name)  # raises whatever is wrong with the file
    where = path()
    document = tomlkit.parse(where.read_text("utf-8-sig")) if where.exists() else tomlkit.document()
    yield document
    with writing(where):
        # A symbolic link stays one.
        where = where.resolve()
        where.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # mkstemp makes it readable for its owner only.
        number, name = tempfile.mkstemp(dir=where.parent, prefix=".config-")
        try:
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(tomlkit.dumps(document))
            Path(name).replace(where)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def read_token(profile: str, token: object) -> str:
    """Return a profile's token: a text, ``keyring:NAME`` or a table with ``command``; no error repeats any of it."""
    if isinstance(token, str) and token.startswith(KEYRING):
        name = token.removeprefix(KEYRING) or profile
        found: str | None = _call_keyring("get_password", name, profile=profile)
        if not found:
            raise _no_token(profile, _("the keyring has no token called {name}", name=name))
        return found
    if isinstance(token, str) and token:
        return token
    command = token.get("command") if isinstance(token, dict) else None
    if isinstance(command, list) and command and all(isinstance(word, str) for word in command):
        return _from_command(profile, command)
    raise _no_token(profile, _('token must be a text, "keyring:NAME" or { command = ["…"] }'))


def keep_in_keyring(name: str, token: str) -> None:
    """Store a token in the system's keyring; raise `CommandError` if there is none, or it refuses."""
    _call_keyring("set_password", name, token)


def _call_keyring(method: str, *arguments: str, profile: str | None = None) -> Any:  # noqa: ANN401 - what it returns
    try:
        import keyring
    except ModuleNotFoundError:
        install = 'pip install "xoxzo-cloudpy[keyring]"'
        raise CommandError(_("this needs an extra: {install}", install=install), status=CREDENTIALS) from None
    try:
        return getattr(keyring, method)(_SERVICE, *arguments)
    except Exception as error:  # noqa: BLE001 - each back end has errors of its own
        why = _("the keyring refuses: {why}", why=type(error).__name__)
        raise (_no_token(profile, why) if profile else CommandError(why, status=CREDENTIALS)) from None


def _from_command(profile: str, command: list[str]) -> str:
    import subprocess

    try:
        # Standard input and error stay the terminal's: a password manager may prompt.
        ended = subprocess.run(  # noqa: S603 - the user's own command, without a shell
            command, stdout=subprocess.PIPE, timeout=_COMMAND_TIMEOUT_SECONDS, check=False, encoding="utf-8"
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise _no_token(
            profile, _("{command} cannot be run: {why}", command=command[0], why=type(error).__name__)
        ) from None
    token = (ended.stdout.splitlines() or [""])[0].strip()
    if ended.returncode or not token:
        raise _no_token(
            profile, _("{command} printed no token (status {status})", command=command[0], status=ended.returncode)
        )
    return token


def _no_token(profile: str, why: str) -> CommandError:
    advice = _("Give it again: xoxzo config add-profile {name} --replace", name=profile)
    return CommandError(_("profile {name}: no token: {why}", name=profile, why=why), advice, status=CREDENTIALS)


@dataclass(frozen=True)
class Destination:
    """Address and credentials of the requests. Its ``repr`` shows no secret."""

    base_url: str
    sid: str = field(repr=False)
    auth_token: str = field(repr=False)
    source: Source
    """What chose it: ``--simulator``, a named profile, the environment, or the configuration's default."""
    profile: str | None = None
    """The profile's name, if one was chosen."""
    table: dict[str, Any] = field(default_factory=dict, repr=False)
    """The profile's table in the configuration."""

    def client_options(self) -> dict[str, Any]:
        """Return the arguments of a client; but for a simulator, with the recipients that the configuration allows."""
        allowed = None if self.source == "simulator" else default("allowed_recipients", self.table, list)
        return {
            "sid": self.sid,
            "auth_token": self.auth_token,
            "base_url": self.base_url,
            "allowed_recipients": None if allowed is None else list(map(str, allowed)),
        }

    @cached_property
    def kind(self) -> Literal["live", "simulator", "nothing"]:
        """What responds at the address; ``nothing`` if a simulator may be there and nothing listens.

        An address of this machine is probed: a tunnel or a proxy there may lead to the real service. So is one that
        ``XOXZO_SIMULATOR_HOSTS`` names.
        """
        if self.source == "simulator":
            return "simulator"  # it was probed when it was found
        if not may_be_simulator(urlsplit(self.base_url).hostname or ""):
            return "live"
        from xoxzo.cloudpy.cli.core import local_simulator

        found = local_simulator.identify(self.base_url)
        return "live" if found == "other" else found

    @property
    def is_simulator(self) -> bool:
        """Whether it is a simulator: nothing reaches a phone and nothing costs."""
        return self.kind == "simulator"

    @property
    def sid_masked(self) -> str:
        """The SID, shortened for output."""
        return f"{self.sid[:4]}…" if len(self.sid) > 8 else "…"

    @property
    def line(self) -> str:
        """One line that names the destination."""
        if self.is_simulator:
            return _("→ simulator {url}", url=self.base_url)
        if self.kind == "nothing":
            return _("→ {url}, where nothing listens", url=self.base_url)
        host = self.base_url.removeprefix("https://")
        if self.profile is None:
            return _("→ live: {host}, credentials of the environment (SID {sid})", host=host, sid=self.sid_masked)
        return _("→ live: {host}, profile {name} (SID {sid})", host=host, name=self.profile, sid=self.sid_masked)


class NoCredentials(CommandError):
    """There are no credentials, or incomplete ones."""

    def __init__(self, message: str, *advice: str) -> None:
        super().__init__(message, *advice, status=CREDENTIALS)


def resolve(profile: str | None = None, *, simulator: bool = False) -> Destination:
    """Choose the destination of the requests.

    In this order: ``--simulator``; ``--profile``; ``XOXZO_PROFILE``; ``XOXZO_API_SID``, ``XOXZO_API_AUTH_TOKEN`` and
    ``XOXZO_API_HOST``; the profile that the configuration calls ``default``. A profile's credentials never go to
    the environment's address, nor the other way about.

    `profile` and `simulator` are the values of the options; a simulator on this machine is found, or started. Raises
    `NoCredentials`, or another `CommandError` if the configuration cannot be used.
    """
    if simulator:
        from xoxzo.cloudpy.cli.core.local_simulator import find_or_start

        return Destination(find_or_start(), *SIMULATOR_CREDENTIALS, "simulator")
    if named := profile or os.environ.get(PROFILE):
        return _from_profile(named, "profile")
    if (environment := _from_environment()) is not None:
        return environment
    configuration = load()
    if isinstance(chosen := configuration.get("default"), str):
        return _from_profile(chosen, "config")
    if len(names := list(configuration.get("profiles", {}))) == 1:
        return _from_profile(names[0], "config")
    if names:
        listed = ", ".join(names)
        raise NoCredentials(
            _("Which account? There are several profiles: {names}", names=listed),
            _("Choose one by --profile NAME, or set a default: xoxzo config set default NAME"),
        )
    raise NoCredentials(
        _("There are no credentials: set XOXZO_API_SID and XOXZO_API_AUTH_TOKEN, or keep them in a profile."),
        _("Make a profile: xoxzo config add-profile NAME"),
    )


def names() -> list[str]:
    """Return the names of all profiles."""
    return list(load().get("profiles", {}))


def complete_profile(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a profile in the shell; with none if the configuration cannot be read."""
    with suppress(CommandError):
        return [name for name in names() if name.startswith(incomplete)]
    return []


def _from_environment() -> Destination | None:
    sid, token, host = (os.environ.get(name, "").strip() for name in (SID, TOKEN, HOST))
    if sid and token:
        return Destination(host.rstrip("/") or LIVE, sid, token, "environment")
    if not (sid or token or host):
        return None
    if not (sid or token):
        with suppress(ValueError):
            if may_be_simulator(urlsplit(host).hostname or ""):
                return Destination(host.rstrip("/"), *SIMULATOR_CREDENTIALS, "environment")
    given = SID if sid else TOKEN if token else HOST
    missing = [name for name, value in ((SID, sid), (TOKEN, token)) if not value]
    raise NoCredentials(
        _("{given} is set, and {missing} is not.", given=given, missing=", ".join(missing)),
        _("Type: {command}", command=" ".join(["export", *(f"{name}=…" for name in missing)])),
    )


def _from_profile(name: str, source: Source) -> Destination:
    profiles = load().get("profiles", {})
    table = profiles.get(name)
    if not isinstance(table, dict):
        sentence = _("There is no profile {name} in {path}.", name=name, path=path())
        raise NoCredentials(
            f"{sentence} {did_you_mean(name, profiles)}".rstrip(), _("Make a profile: xoxzo config add-profile NAME")
        )
    sid, host = table.get("sid"), table.get("host", LIVE)
    if not isinstance(sid, str) or not sid:
        advice = _("Type: {command}", command=f"xoxzo config set sid SID --profile {name}")
        raise NoCredentials(_("profile {name} has no sid.", name=name), advice)
    if not isinstance(host, str):
        advice = _("Type: {command}", command=f"xoxzo config set host {LIVE} --profile {name}")
        raise NoCredentials(_("profile {name}: host must be an address.", name=name), advice)
    return Destination(
        host.rstrip("/"), sid, read_token(name, table.get("token")), source, profile=name, table=dict(table)
    )
