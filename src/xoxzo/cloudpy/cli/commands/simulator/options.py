"""How the options of `xoxzo simulator` become settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from xoxzo.cloudpy.cli.core.i18n import _, render_error
from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator.settings import Settings, profile


def settings_from(
    *,
    profile_name: str,
    assignments: tuple[str, ...],
    sid: str | None,
    token: str | None,
    **options: Any,  # noqa: ANN401 - fields of Settings, each of its own type
) -> Settings:
    """Return the settings that the command line asks for: the profile, then the options, then each `--set`.

    Args:
        profile_name: Where to begin.
        assignments: The texts given to `--set`.
        sid: The SID that alone is admitted.
        token: Its token, from the option or the environment.
        options: Fields of `Settings`; those that were not given are `None` or false.

    Raises:
        click.UsageError: They contradict each other, or a setting is unknown or of another type.
    """
    given = {name: value for name, value in options.items() if value is not None and value is not False}
    try:
        changes = {**given, "sid": sid, "token": token, **_assigned(assignments)}
        settings = profile(profile_name, **changes)
    except SimulatorError as error:
        raise click.UsageError(render_error(error)) from None
    if settings.sid is not None and not settings.token:
        raise click.UsageError(_("--sid needs --token (or XOXZO_SIMULATOR_TOKEN)."))
    if settings.sid is None and settings.token is not None:
        if token == settings.token and click.get_current_context().get_parameter_source("token") != _GIVEN:
            return replace(settings, token=None)  # a token that merely stands in the environment
        raise click.UsageError(_("--token needs --sid."))
    return settings


def _assigned(assignments: tuple[str, ...]) -> dict[str, Any]:
    if not assignments:
        return {}  # the common case does not wait for the import
    from xoxzo.cloudpy.simulator.settings_text import parse_assignments

    return parse_assignments(assignments)


_GIVEN = click.core.ParameterSource.COMMANDLINE
