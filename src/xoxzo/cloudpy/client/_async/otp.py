"""One-time passwords."""

from __future__ import annotations

from collections.abc import Mapping

from xoxzo.cloudpy.client._async.driver import AsyncResource
from xoxzo.cloudpy.models import OtpRequest, OtpVerification, OtpWebsite
from xoxzo.cloudpy.operations import otp


class AsyncOtp(AsyncResource):
    """One-time passwords: ``client.otp`` (API section 7). Xoxzo makes the code, sends it and checks it."""

    async def register_website(
        self, *, website: str, template_id: int | None = None, extra: Mapping[str, str] | None = None
    ) -> OtpWebsite:
        """Register a website, once, so that it can request codes (API section 7.1).

        Args:
            website: your domain; the documented sample is an address such as ``https://example.com``. Requests must
                name it in the same words.
            template_id: the number of the sentence that carries the code. By default 3, the only one known, which is
                Japanese. These are not the templates of ``client.templates``.
            extra: parameters that this library does not know yet, by their names in the API.

        Raises:
            InvalidArgument: a value breaks its rule; nothing was registered.
            BadRequest: it is registered already, or your credentials do not go with it; ``field_errors`` says which.
            APIError: anything else went wrong; ``maybe_sent`` says whether it may be registered.
        """
        return await self._driver.call(otp.register_website(website=website, template_id=template_id, extra=extra))

    async def request(self, *, website: str, phone_number: str, extra: Mapping[str, str] | None = None) -> OtpRequest:
        """Send a code to a phone. It costs 3 credits and reaches a person (API sections 1.7 and 7.2).

        Args:
            website: as it was registered.
            phone_number: the number in E.164.
            extra: parameters that this library does not know yet, by their names in the API.

        Returns:
            The SMS's ``msgid``, never the code.

        Raises:
            InvalidArgument: a value breaks its rule; nothing was sent.
            BadRequest: the website is not registered, or a code for this phone and website is still alive.
            NotEnoughCredits: the balance is too low; nothing was sent.
            APIError: anything else went wrong; ``maybe_sent`` says whether a code may be on its way.
        """
        return await self._driver.call(otp.request(website=website, phone_number=phone_number, extra=extra))

    async def verify(
        self,
        *,
        website: str,
        phone_number: str,
        code: str,
        otp_id: str | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> OtpVerification:
        """Verify a code. The server counts each attempt, so an attempt of unknown outcome is not repeated.

        Xoxzo has published two contracts for this call, both incomplete, and the responses are not documented (API
        sections 7.3, 15.55 and 15.56). Without ``otp_id`` the request is a form with ``website``, ``phone_number`` and
        ``otp``, after the reference. With it, the request is JSON and holds the tutorial's ``otp_id`` and ``code`` as
        well. If your account's server answers one with a ``BadRequest``, use the other.

        Grant access only if ``verified`` is true: an error proves nothing, and a wrong code is no error.

        Args:
            website: as it was registered.
            phone_number: the number that the code was sent to, in E.164.
            code: what the person typed. Blanks and hyphens are left out and digits of any script become ASCII, so that
                no attempt is lost to a keyboard. It is never shown in an error, a ``repr`` or a log.
            otp_id: the request's ``otp_id``, to verify as the tutorial does.
            extra: parameters that this library does not know yet, by their names in the API.

        Returns:
            Whether the code was taken, and the server's sentence. A success is taken for a yes unless a field
            ``verified``, ``valid`` or ``success`` in it says ``false``; a 400 with a ``message`` for a no.

        Raises:
            InvalidArgument: a value breaks its rule; no attempt was counted.
            BadRequest: the server refused a field, for instance a website that is not registered.
            APIError: anything else went wrong; ``maybe_sent`` says whether an attempt may have been counted.
        """
        return await self._driver.call(
            otp.verify(website=website, phone_number=phone_number, code=code, otp_id=otp_id, extra=extra)
        )
