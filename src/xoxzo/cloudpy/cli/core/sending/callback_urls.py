"""Callback addresses that carry our token, for every command that makes or checks some."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from xoxzo.cloudpy.cli.core.exit_codes import CommandError
from xoxzo.cloudpy.cli.core.i18n import _

if TYPE_CHECKING:
    from xoxzo.cloudpy.callbacks import Callbacks

SIGNING_VARIABLE = "XOXZO_CALLBACK_SECRET"
"""The variable that holds what callback URLs are signed with; a secret never stands on a command line."""

_NEW_VALUE = "\"$(python3 -c 'import secrets; print(secrets.token_hex())')\""


def signing_callbacks(url: str) -> Callbacks:
    """Return what makes and checks the addresses of callbacks.

    Args:
        url: the public address before the token.

    Raises:
        Refused: there is no secret.
        ConfigurationError: it is too short, the extra is missing, or the address is none.
    """
    secret = os.environ.get(SIGNING_VARIABLE)
    if not secret:
        raise CommandError(
            _("{variable} is not set: what shall callback URLs be signed with?").format(variable=SIGNING_VARIABLE),
            _("Type: {command}").format(command=f"export {SIGNING_VARIABLE}={_NEW_VALUE}"),
            _("Keep it: whoever receives the callbacks needs the same one."),
        )
    from xoxzo.cloudpy.callbacks import Callbacks

    return Callbacks(secret, url)


def use_signed_callbacks(given: dict[str, Any]) -> None:
    """Put what makes the addresses in the place of ``--callbacks``, among the options of a send.

    Args:
        given: the options; ``callbacks`` becomes what the library takes under this name.

    Raises:
        click.UsageError: it stands beside another address, or without the reference that it is bound to.
        Refused: there is no secret.
    """
    if given["callbacks"] is None:
        return
    if given["callback_url"] is not None or given.get("lt_callback_url") is not None:
        raise click.UsageError(_("--callbacks makes the addresses itself: leave the other callback URLs out."))
    if given["reference"] is None:
        raise click.UsageError(_("--callbacks needs --reference: each address is bound to it."))
    given["callbacks"] = signing_callbacks(given["callbacks"])
