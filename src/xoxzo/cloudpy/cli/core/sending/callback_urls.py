"""Signed callback URLs, for the commands that make or check them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from xoxzo.cloudpy.cli.core.exit_codes import CommandError
from xoxzo.cloudpy.cli.core.i18n import _

if TYPE_CHECKING:
    from xoxzo.cloudpy.callbacks import Callbacks

SIGNING_VARIABLE = "XOXZO_CALLBACK_SECRET"
"""The environment variable with the secret that signs callback URLs; a command line would show it to others."""

_NEW_VALUE = "\"$(python3 -c 'import secrets; print(secrets.token_hex())')\""


def signing_secret() -> str:
    """Return the secret that signs URLs; `CommandError` without one."""
    secret = os.environ.get(SIGNING_VARIABLE)
    if not secret:
        raise CommandError(
            _("{variable} is not set, and URLs are signed with it.", variable=SIGNING_VARIABLE),
            _("Type: {command}", command=f"export {SIGNING_VARIABLE}={_NEW_VALUE}"),
            _("Store it: the program that receives the callbacks needs the same value."),
        )
    return secret


def signing_callbacks(url: str) -> Callbacks:
    """Return the `Callbacks` for a public URL; `CommandError` without secret, `ConfigurationError` for a bad one."""
    from xoxzo.cloudpy.callbacks import Callbacks

    return Callbacks(signing_secret(), url)


def use_signed_callbacks(given: dict[str, Any]) -> None:
    """Replace the URL of ``--callbacks`` among a send's options by `Callbacks`; a usage error if they conflict."""
    if given["callbacks"] is None:
        return
    if given["callback_url"] is not None or given.get("lt_callback_url") is not None:
        raise click.UsageError(_("--callbacks makes the URLs: omit the other callback URLs."))
    if given["reference"] is None:
        raise click.UsageError(_("--callbacks needs --reference: each URL is bound to it."))
    given["callbacks"] = signing_callbacks(given["callbacks"])
