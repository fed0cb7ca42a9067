"""Sign and verify the token in a callback URL. Xoxzo signs nothing itself (API section 10).

A token holds a purpose, a reference and an expiry. It stands in the path of the URL, because the documentation does not
say how Xoxzo adds parameters to a query.
"""

from __future__ import annotations

import enum
from hashlib import sha256
from typing import TYPE_CHECKING

from xoxzo.cloudpy.errors import CallbackRejected, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_TOKEN_LENGTH = 2048
"""Characters; a longer token is rejected before its signature is computed."""
MIN_SECRET_BYTES = 16
_SALT = b"xoxzo.cloudpy.callbacks"


class Purpose(enum.StrEnum):
    """What a callback URL is for; its value is a part of the URL's path."""

    DELIVERY_REPORT = "delivery-report"
    CALL_ENDED = "call-ended"
    LINK_CLICKED = "link-clicked"
    INCOMING_CALL = "incoming-call"
    INCOMING_SMS = "incoming-sms"

    @property
    def is_lasting(self) -> bool:
        """Whether the URL is stored with a subscribed number, and so never expires by default."""
        return self in {Purpose.INCOMING_CALL, Purpose.INCOMING_SMS}


class Tokens:
    """Signs tokens and verifies them (HMAC-SHA256).

    Args:
        secrets: the keys, newest first, each at least `MIN_SECRET_BYTES` long. The first signs; all are accepted.

    Raises:
        ConfigurationError: there is no key, a key is too short, or the extra ``callbacks`` is not installed.
    """

    def __init__(self, secrets: Sequence[str | bytes]) -> None:
        try:
            from itsdangerous import BadData, URLSafeSerializer
        except ModuleNotFoundError:
            line = 'callbacks need an extra: pip install "xoxzo-cloudpy[callbacks]"'
            raise ConfigurationError(line) from None
        keys = [secret.encode() if isinstance(secret, str) else bytes(secret) for secret in secrets]
        if not keys:
            raise ConfigurationError("callbacks need a secret: a random text of at least 16 characters")
        if any(len(key) < MIN_SECRET_BYTES for key in keys):
            raise ConfigurationError(f"a secret of callbacks must have at least {MIN_SECRET_BYTES} characters")
        self._bad_data = BadData
        # itsdangerous signs with the last key.
        self._serializer = URLSafeSerializer(
            keys[::-1], salt=_SALT, signer_kwargs={"key_derivation": "hmac", "digest_method": sha256}
        )

    def sign(self, purpose: Purpose, reference: str | None, expires: int | None) -> str:
        """Return a token.

        Args:
            purpose: what its URL is for.
            reference: the caller's key of the message or call, or ``None``.
            expires: the expiry in seconds since 1970; ``None`` for never.
        """
        return self._serializer.dumps([purpose.value, reference, expires])

    def verify(self, token: str, now: float) -> tuple[Purpose, str | None]:
        """Return the purpose and the reference of a token.

        Args:
            token: the token as it stood in the URL.
            now: the time in seconds since 1970.

        Raises:
            CallbackRejected: the signature is wrong (403), or the token has expired (410).
        """
        if len(token) > MAX_TOKEN_LENGTH:
            raise CallbackRejected("the token is not one of ours", 403)
        try:
            purpose, reference, expires = self._serializer.loads(token)
        except (self._bad_data, ValueError):
            # ValueError: text that cannot be encoded.
            raise CallbackRejected("the token is not one of ours", 403) from None
        if expires is not None and now >= expires:
            raise CallbackRejected("the token has expired", 410)
        return Purpose(purpose), reference
