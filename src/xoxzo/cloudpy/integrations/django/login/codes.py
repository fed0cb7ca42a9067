"""Send a login code that the project has made, by SMS or by a call, with a limit for each number.

Xoxzo's own one-time passwords are for codes that Xoxzo makes: see the application ``login.otp``.
"""

from __future__ import annotations

import logging
from typing import Any

from django.core.cache import cache
from django.utils.crypto import salted_hmac

from xoxzo.cloudpy.client.client import Client
from xoxzo.cloudpy.common.plain_text import plain
from xoxzo.cloudpy.errors import XoxzoError
from xoxzo.cloudpy.integrations.django import conf
from xoxzo.cloudpy.integrations.django.backends import LiveBackend
from xoxzo.cloudpy.integrations.django.conf import _, active_language
from xoxzo.cloudpy.integrations.django.sms import CallMessage, SmsMessage, get_connection

# A person waits for the page, and servers end a request that takes much longer.
DEADLINE_SECONDS = 15.0
_HOUR_SECONDS = 3600
_log = logging.getLogger(__name__)


def send_code(number: object, code: str, *, by_call: bool = False, same_code: bool = False) -> str | None:
    """Send a login code. No error of Xoxzo is raised: a log-in page would answer 500.

    Args:
        number: the number, as text in E.164 or as a ``PhoneNumber``.
        code: the code.
        by_call: call and speak the code, its digits one by one, in Japanese or English as the active language is.
        same_code: whether a repeat within ``XOXZO["CODE_INTERVAL"]`` seconds has the same code; it is not sent again.

    Returns:
        ``None`` if the code was sent, or may have been; otherwise why not, in the active language.
    """
    # Caches are shared and may be read by others, so the number is not in them.
    key = f"xoxzo.codes.{salted_hmac('xoxzo.codes', str(plain(number)), algorithm='sha256').hexdigest()}"
    if same_code and not cache.add(f"{key}.{by_call}", True, conf.get("CODE_INTERVAL")):
        return str(_("A code was sent a moment ago. Use that one, or wait before you request another."))
    # A slot for each code; not a counter, which some caches neither count atomically nor keep for the time.
    if not any(cache.add(f"{key}.{slot}", True, _HOUR_SECONDS) for slot in range(conf.get("CODES_PER_HOUR"))):
        _log.warning("A login code was not sent: XOXZO['CODES_PER_HOUR'] is reached for its number")
        return str(_("Too many codes were requested for this number. Try again later."))
    try:
        connection = get_connection()
        if type(connection) is LiveBackend:
            connection = LiveBackend(quick_client())
        _message(number, code, by_call=by_call).send(connection=connection)
    except XoxzoError as error:
        if getattr(error, "maybe_sent", False):
            _log.warning("A login code may have been sent: %s", error)
            return None
        _log.error("A login code was not sent: %s", error)
        cache.delete(f"{key}.{by_call}")
        return str(_("The code could not be sent. Try again later, or use another method."))
    return None


def quick_client(max_retries: int | None = None) -> Client:
    """Return the project's client with a short deadline."""
    return conf.get_client().with_options(deadline=DEADLINE_SECONDS, max_retries=max_retries)


def _message(number: Any, code: str, *, by_call: bool) -> SmsMessage | CallMessage:  # noqa: ANN401 - any kind of number
    if by_call:
        text = str(conf.get("CODE_CALL_MESSAGE") or _("Your code is {code}. I repeat: {code}."))
        # Commas make pauses (API section 5.1).
        text = text.replace("{code}", ",, ".join(filter(str.isalnum, code)))
        return CallMessage(recipient=number, message=text, language="ja" if active_language() == "ja" else "en")
    if (template := conf.get("CODE_TEMPLATE")) is not None:
        return SmsMessage(recipient=number, template=template, variables={"code": code})
    text = str(conf.get("CODE_MESSAGE") or _("Your code is {code}. Do not give it to anybody."))
    return SmsMessage(recipient=number, message=text.replace("{code}", code))
