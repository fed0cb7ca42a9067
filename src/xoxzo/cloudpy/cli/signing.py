"""Callback addresses that carry our token, for every command that makes or checks some."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from .statuses import Refused
from .words import tr

if TYPE_CHECKING:
    from xoxzo.cloudpy.callbacks import Callbacks

SIGNING_VARIABLE = "XOXZO_CALLBACK_SECRET"
"""The variable that holds what callback URLs are signed with; a secret never stands on a command line."""

_MADE = "\"$(python3 -c 'import secrets; print(secrets.token_hex())')\""


def callbacks_at(url: str) -> Callbacks:
    """Return what makes and checks the addresses of callbacks.

    Args:
        url: the public address before the token.

    Raises:
        Refused: there is no secret.
        ConfigurationError: it is too short, the extra is missing, or the address is none.
    """
    secret = os.environ.get(SIGNING_VARIABLE)
    if not secret:
        raise Refused(
            tr("{variable} is not set: what shall callback URLs be signed with?", variable=SIGNING_VARIABLE),
            tr("Type: {command}", command=f"export {SIGNING_VARIABLE}={_MADE}"),
            tr("Keep it: whoever receives the callbacks needs the same one."),
        )
    from xoxzo.cloudpy.callbacks import Callbacks

    return Callbacks(secret, url)


def sign(given: dict[str, Any]) -> None:
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
        raise click.UsageError(tr("--callbacks makes the addresses itself: leave the other callback URLs out."))
    if given["reference"] is None:
        raise click.UsageError(tr("--callbacks needs --reference: each address is bound to it."))
    given["callbacks"] = callbacks_at(given["callbacks"])
