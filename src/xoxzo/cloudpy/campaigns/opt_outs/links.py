"""The links in messages by which people opt out: short, signed, and without a phone number."""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING

import msgspec

from xoxzo.cloudpy.operations import checks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xoxzo.cloudpy.campaigns.ledger import Ledger

TEST_POSITION = 0
"""The position in the links of test messages, which opt nobody out."""
_POSITION_BYTES = 4
_SIGNATURE_BYTES = 5
# Nine bytes are twelve characters, without padding: each text stands for other bytes.
_TOKEN = re.compile(r"[\w-]{12}", re.ASCII)
_DOMAIN = b"xoxzo.cloudpy.opt-outs"


class LinkSigner(msgspec.Struct, frozen=True):
    """Makes the links of one campaign. Its ledger holds it, so that every worker can make them."""

    url: str
    """What a link begins with."""
    key: bytes
    """Signs the positions; it is derived from the secret, which does not follow from it."""
    first: int
    """The position of the first recipient."""

    def __repr__(self) -> str:
        return f"LinkSigner(url={self.url!r})"

    def link(self, n: int) -> str:
        """Return the link of a recipient by its position in the campaign, from 1."""
        return self._link(self.first + n - 1)

    def test_link(self) -> str:
        """Return a link that opts nobody out."""
        return self._link(TEST_POSITION)

    def _link(self, position: int) -> str:
        plain = position.to_bytes(_POSITION_BYTES, "big")
        return f"{self.url}/{urlsafe_b64encode(plain + _sign(self.key, plain)).decode()}"


class OptOutLinks:
    """Makes the links for ``{opt_out}`` in messages, and verifies them.

    A link ends with twelve characters: a position in the store, which leads to the recipient, and 40 bits of signature.

    Args:
        secret: the key that signs, at least 16 random characters; or several keys, newest first. The first signs and
            all are accepted, so that a key can be replaced while messages with links are about. It may be the key of
            `Callbacks`.
        url: the public URL of the opt-out pages, such as ``https://shop.example/o``. Short ones save SMS parts.

    Raises:
        ConfigurationError: a key is missing or too short, or ``url`` is no URL or has a query.
    """

    def __init__(self, secret: str | bytes | Sequence[str | bytes], url: str) -> None:
        self.url = checks.url_before_token("url", url)
        self._keys = [hmac.digest(key, _DOMAIN, "sha256") for key in checks.signing_keys(secret)]

    def __repr__(self) -> str:
        return f"OptOutLinks(url={self.url!r})"

    def signer(self, first: int) -> LinkSigner:
        """Return what makes the links of a campaign whose first recipient has a position in the store."""
        return LinkSigner(self.url, self._keys[0], first)

    def verify(self, token: str) -> int | None:
        """Return the position that a token was made for; ``None`` for a token that none of the keys has signed."""
        if not _TOKEN.fullmatch(token):
            return None
        raw = urlsafe_b64decode(token)
        plain, signature = raw[:_POSITION_BYTES], raw[_POSITION_BYTES:]
        if not any(hmac.compare_digest(_sign(key, plain), signature) for key in self._keys):
            return None
        return int.from_bytes(plain, "big")


def read_links(ledger: Ledger) -> LinkSigner | None:
    """Return what makes the links of a campaign; ``None`` if its message has none."""
    stored = ledger.get("links")
    return None if stored is None else msgspec.convert(stored, LinkSigner)


def _sign(key: bytes, plain: bytes) -> bytes:
    return hmac.digest(key, plain, "sha256")[:_SIGNATURE_BYTES]
