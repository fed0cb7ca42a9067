"""Our token in a callback's URL: what Xoxzo does not sign, we do.

A token says for what a URL was made, for which reference and until when. It stands in the path, since how Xoxzo adds to
a query is not known (API section 10).
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from xoxzo.cloudpy.errors import CallbackRejected, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

_SALT = b"xoxzo.cloudpy.callbacks"
_SHORTEST = 16
LONGEST = 2048
"""No token of ours is longer, in characters; what is longer is refused before it is looked at."""


class Purpose(enum.StrEnum):
    """What a URL is for; the word that stands in it."""

    DELIVERY_REPORT = "delivery-report"
    CALL_ENDED = "call-ended"
    LINK_CLICKED = "link-clicked"
    INCOMING_CALL = "incoming-call"
    INCOMING_SMS = "incoming-sms"

    @property
    def is_lasting(self) -> bool:
        """Whether its URL stays with a number until it is changed, and so must not expire."""
        return self in {Purpose.INCOMING_CALL, Purpose.INCOMING_SMS}


class Tokens:
    """Makes tokens, and reads those that it made.

    Args:
        secrets: the keys, the newest first; it signs, and all of them are believed.

    Raises:
        ConfigurationError: there is no key, one is too short to be one, or the extra is missing.
    """

    def __init__(self, secrets: Sequence[str | bytes]) -> None:
        try:
            from itsdangerous import BadData, URLSafeSerializer
        except ModuleNotFoundError:
            line = 'callbacks need an extra: pip install "xoxzo-cloudpy[callbacks]"'
            raise ConfigurationError(line) from None
        keys = [secret.encode() if isinstance(secret, str) else bytes(secret) for secret in secrets]
        if not keys:
            raise ConfigurationError("callbacks need a secret: any text of 16 characters and more that nobody guesses")
        if any(len(key) < _SHORTEST for key in keys):
            raise ConfigurationError(f"a secret of callbacks must have at least {_SHORTEST} characters")
        self._bad = BadData
        # The library takes the oldest first and signs with the last.
        self._serializer = URLSafeSerializer(
            keys[::-1], salt=_SALT, signer_kwargs={"key_derivation": "hmac", "digest_method": _digest()}
        )

    def make(self, purpose: Purpose, reference: str | None, expires: int | None) -> str:
        """Return a token.

        Args:
            purpose: what its URL is for.
            reference: what it is bound to.
            expires: seconds since 1970 after which it counts no more; ``None`` for never.
        """
        return self._serializer.dumps([purpose.value, reference, expires])

    def read(self, token: str, now: float) -> tuple[Purpose, str | None]:
        """Return what a token is for and what it is bound to.

        Args:
            token: as it stood in the URL.
            now: seconds since 1970.

        Raises:
            CallbackRejected: it is not ours (403), or has expired (410).
        """
        if len(token) > LONGEST:
            raise CallbackRejected("the token is not one of ours", 403)
        try:
            purpose, reference, expires = self._serializer.loads(token)
        except (self._bad, ValueError):
            # The second covers text that cannot even be encoded.
            raise CallbackRejected("the token is not one of ours", 403) from None
        if expires is not None and now >= expires:
            raise CallbackRejected("the token has expired", 410)
        return Purpose(purpose), reference


def _digest() -> object:
    from hashlib import sha256

    return sha256
