"""Reads a profile's token: from the file itself, the system's keyring, or a command such as a password manager."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.cli.core.exit_codes import CREDENTIALS, CommandError
from xoxzo.cloudpy.cli.core.i18n import _

if TYPE_CHECKING:
    from types import ModuleType

KEYRING = "keyring:"
_SERVICE = "xoxzo"
_COMMAND_TIMEOUT_SECONDS = 60


def read_token(profile: str, token: object) -> str:
    """Return a profile's token.

    Args:
        profile: the profile's name, for messages.
        token: a text; ``keyring:NAME``; or a table with ``command``, a list of words that is run without a shell.

    Raises:
        CommandError: there is none, or it cannot be read. No message repeats any part of it.
    """
    if isinstance(token, str) and token.startswith(KEYRING):
        return _from_keyring(profile, token.removeprefix(KEYRING) or profile)
    if isinstance(token, str) and token:
        return token
    command = token.get("command") if isinstance(token, dict) else None
    if isinstance(command, list) and command and all(isinstance(word, str) for word in command):
        return _from_command(profile, command)
    raise _no_token(profile, _('token must be a text, "keyring:NAME" or { command = ["…"] }'))


def keep_in_keyring(name: str, token: str) -> None:
    """Store a token in the system's keyring.

    Raises:
        CommandError: there is no keyring, or it refuses.
    """
    keyring = _keyring()
    try:
        keyring.set_password(_SERVICE, name, token)
    except Exception as error:  # noqa: BLE001 - each back end has errors of its own
        raise CommandError(
            _("the keyring refuses: {why}").format(why=type(error).__name__), status=CREDENTIALS
        ) from None


def _from_keyring(profile: str, name: str) -> str:
    keyring = _keyring()
    try:
        found: str | None = keyring.get_password(_SERVICE, name)
    except Exception as error:  # noqa: BLE001 - each back end has errors of its own
        raise _no_token(profile, _("the keyring refuses: {why}").format(why=type(error).__name__)) from None
    if not found:
        raise _no_token(profile, _("the keyring has none called {name}").format(name=name))
    return found


def _keyring() -> ModuleType:
    try:
        import keyring
    except ModuleNotFoundError:
        install = 'pip install "xoxzo-cloudpy[keyring]"'
        raise CommandError(_("this needs an extra: {install}").format(install=install), status=CREDENTIALS) from None
    return keyring


def _from_command(profile: str, command: list[str]) -> str:
    import subprocess

    try:
        # Standard input and error stay the terminal's: a password manager may prompt.
        ended = subprocess.run(  # noqa: S603 - the user's own command, without a shell
            command, stdout=subprocess.PIPE, timeout=_COMMAND_TIMEOUT_SECONDS, check=False, encoding="utf-8"
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise _no_token(
            profile, _("{command} cannot be run: {why}").format(command=command[0], why=type(error).__name__)
        ) from None
    token = (ended.stdout.splitlines() or [""])[0].strip()
    if ended.returncode or not token:
        raise _no_token(
            profile, _("{command} gave none (status {status})").format(command=command[0], status=ended.returncode)
        )
    return token


def _no_token(profile: str, why: str) -> CommandError:
    anew = _("Give it anew: xoxzo config add-profile {name} --replace").format(name=profile)
    return CommandError(_("profile {name}: no token: {why}").format(name=profile, why=why), anew, status=CREDENTIALS)
