"""One-time passwords and the websites that they are for (API section 7)."""

from __future__ import annotations

from dataclasses import dataclass, field

from xoxzo.cloudpy.simulator.engine.records.accounts import Account

OtpKey = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Website:
    """A website that an account registered."""

    sid: str
    token: str = field(repr=False)
    website: str


@dataclass(slots=True, kw_only=True, eq=False)
class Otp:
    """A code that was sent and can be verified."""

    msgid: str
    account: Account = field(repr=False)
    website: str
    phone: str
    code: str = field(repr=False)
    tries_left: int
    created: float

    @property
    def key(self) -> OtpKey:
        """What there is one active code for: a phone and a website of an account."""
        return otp_key(self.account, self.website, self.phone)


def otp_key(account: Account, website: str, phone: str) -> OtpKey:
    """Return the key under which a phone's code for an account's website is active."""
    return (account.sid, account.token, website, phone)
