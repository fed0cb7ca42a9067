"""What every send takes besides its content: callbacks, tags, reference, routes (API sections 2.1, 5.1 and 5.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.operations import checks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xoxzo.cloudpy.protocols import CallbackUrls


Fields = dict[str, str | None]
"""Parameters by their names in the API; ``None`` is not sent."""

_SMS_CONTENT = frozenset({"sender", "message", "variables"})


def sms_fields(
    *,
    callback_url: str | None = None,
    callbacks: CallbackUrls | None = None,
    reference: str | None = None,
    tags: Sequence[str] = (),
    extra: Mapping[str, str] | None = None,
    track_link: bool = False,
    lt_callback_url: str | None = None,
    jp_kp: bool = False,
    jp_kpl: bool = False,
    jp_kp_sender: str | None = None,
) -> tuple[Fields, str | None]:
    """Check :class:`~xoxzo.cloudpy.SmsOptions`; return them by their names in the API, and the reference."""
    reference = checks.optional_reference(reference)
    every_tag = checks.tags(tags, reference)
    nothing = callback_url is None and callbacks is None and lt_callback_url is None and jp_kp_sender is None
    if nothing and not extra and track_link is False and jp_kp is False and jp_kpl is False:
        # So are most sends, and then there is nothing more to check.
        return {"tags": every_tag}, reference
    if lt_callback_url is not None and not track_link:
        raise InvalidArgument("lt_callback_url", "needs track_link=True: only a tracked link can be clicked")
    fields = {
        "callbackurl": checks.callback_url("callback_url", callback_url, callbacks, "delivery-report", reference),
        "tags": every_tag,
        "track_link": checks.flag("track_link", track_link),
        "lt_callbackurl": checks.callback_url(
            "lt_callback_url", lt_callback_url, callbacks if track_link else None, "link-clicked", reference
        ),
        **_route(jp_kp=jp_kp, jp_kpl=jp_kpl, jp_kp_sender=jp_kp_sender),
    }
    return fields | checks.extra_parameters(extra, _SMS_CONTENT | fields.keys()), reference


def call_fields(
    own: Fields,
    *,
    callback_url: str | None = None,
    callbacks: CallbackUrls | None = None,
    reference: str | None = None,
    tags: Sequence[str] = (),
    extra: Mapping[str, str] | None = None,
) -> tuple[Fields, str | None]:
    """Check the :class:`~xoxzo.cloudpy.SendOptions` of a call or conference.

    Args:
        own: the operation's own parameters, checked; all that the endpoint knows, so those not to be sent are ``None``.
        callback_url: as in :class:`~xoxzo.cloudpy.SendOptions`, and so are the others.
        callbacks: makes the URL.
        reference: a key, or ``"auto"``.
        tags: more tags.
        extra: parameters that are not known.

    Returns:
        All parameters by their names in the API, and the reference.
    """
    reference = checks.optional_reference(reference)
    fields = own | {
        "callbackurl": checks.callback_url("callback_url", callback_url, callbacks, "call-ended", reference),
        "tags": checks.tags(tags, reference),
    }
    return fields | checks.extra_parameters(extra, fields.keys()), reference


def _route(*, jp_kp: bool, jp_kpl: bool, jp_kp_sender: str | None) -> Fields:
    if jp_kp and jp_kpl:
        raise InvalidArgument("jp_kpl", "excludes jp_kp: choose K-premium or K-premium Lite")
    if (jp_kp or jp_kpl) and jp_kp_sender is None:
        raise InvalidArgument("jp_kp_sender", "is required with jp_kp and jp_kpl")
    if jp_kp_sender is not None and not (jp_kp or jp_kpl):
        raise InvalidArgument("jp_kp_sender", "needs jp_kp=True or jp_kpl=True")
    return {
        "jp_kp": checks.flag("jp_kp", jp_kp),
        "jp_kpl": checks.flag("jp_kpl", jp_kpl),
        "jp_kp_sender": None if jp_kp_sender is None else checks.registered_sender(jp_kp_sender),
    }
