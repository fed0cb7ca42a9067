"""Everything that the API's description leaves open, as named settings with the proposed defaults (API section 15)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from xoxzo.cloudpy.errors import SimulatorError

USER_AGENT = "Xoxzo simulator"
"""What the simulator calls itself in the requests that it makes."""


class Carrier(Struct, frozen=True, kw_only=True):
    """Mobile numbers that begin alike, and who carries them."""

    prefix: str
    """How the numbers begin, in E.164 without the +."""
    name: str
    """As the look-up returns it."""
    country: str
    """ISO 3166 code of two letters."""
    mcc: str
    """Mobile country code, three digits."""
    mnc: str
    """Mobile network code, two or three digits."""
    k_premium_sender: str | None = None
    """What phones of this carrier show for `jp_kp`; ``None`` shows the registered sender (API section 2.1)."""
    k_premium_lite: bool = True
    """Whether `jp_kpl` takes the K-premium route to it, and not the standard one (API section 2.1)."""


def japan_and_malaysia() -> tuple[Carrier, ...]:
    """Return the ranges of the default settings, which are the simulator's own: real ones are finer, and numbers move.

    SoftBank's fixed sender and its standard route under Lite are those of API section 2.1; of the two pages that
    disagree about Rakuten under Lite, the one that takes the K-premium route is followed.
    """
    japanese = partial(Carrier, country="JP", mcc="440")
    return (
        japanese(prefix="8190", name="NTT DOCOMO INC", mnc="10"),
        japanese(prefix="8180", name="KDDI", mnc="54"),
        japanese(prefix="8170", name="SOFTBANK", mnc="20", k_premium_sender="21053", k_premium_lite=False),
        japanese(prefix="8160", name="RAKUTEN MOBILE", mnc="11"),
        Carrier(prefix="6012", name="MAXIS", country="MY", mcc="502", mnc="12"),
    )


def carrier_of(carriers: Iterable[Carrier], number: str) -> Carrier | None:
    """Return the carrier with the longest prefix that begins a number, or ``None``: a landline, or unknown."""
    digits = number.removeprefix("+")
    fitting = [carrier for carrier in carriers if digits.startswith(carrier.prefix)]
    return max(fitting, key=lambda carrier: len(carrier.prefix), default=None)


NumberOutcome = Literal["deliver", "answer", "fail", "hold", "ignore", "decline"]
"""What becomes of messages and calls to a number.

- ``fail``: FAIL and FAILED.
- ``hold``: a phone that is switched off; messages stay DELIVERING, calls stay IN PROGRESS.
- ``ignore`` and ``decline``: calls end as NO ANSWER, after the ringing or at once; messages are delivered.
- ``deliver`` and ``answer``: as any other number.
"""
TEST_NUMBERS: Mapping[str, NumberOutcome] = {
    "+819000000001": "fail",
    "+819000000002": "hold",
    "+819000000003": "ignore",
}
"""Numbers with a fixed outcome in every simulator, unless `Settings.numbers` says otherwise (API section 15.21)."""

RecordingUrls = Literal["documented", "published", "any"]

Price = Decimal | int | float
"""Credits; one credit is one Japanese yen before tax (API section 1.7)."""


class NumberRange(Struct, frozen=True, kw_only=True):
    """A range of numbers that can be subscribed: dial-in numbers (DIN) or receiving numbers (SIN)."""

    country: str
    """ISO 3166 code of two letters; it starts each number's uid."""
    country_code: str
    """Dialling code, digits."""
    prefix: str
    """Area prefix without its 0, digits."""
    first: int
    """The part of the first number that follows the prefix."""
    digits: int
    """How many digits follow the prefix."""
    monthly_cost: float
    """Credits at subscription and for each further 30 days."""
    minute_cost: int = 0
    """Credits for each started minute of an incoming call; for a SIN, each received message."""
    initial_cost: float = 0.0
    """Credits once, at subscription (SIN only, API section 4)."""


_japan = partial(NumberRange, country="JP", country_code="81", first=1)
# Minutes and months: API section 1.7. No source gives a month of 0120 or 0800; that of 03 is taken.
_DINS = (
    _japan(prefix="50", digits=8, monthly_cost=650.0, minute_cost=1),
    _japan(prefix="3", digits=8, monthly_cost=1900.0, minute_cost=10),
    _japan(prefix="120", digits=6, monthly_cost=1900.0, minute_cost=55),
    _japan(prefix="800", digits=7, monthly_cost=1900.0, minute_cost=55),
)
_SINS = (_japan(prefix="50", digits=8, monthly_cost=1000.0, minute_cost=1, first=90_000_001, initial_cost=1000.0),)


class Settings(Struct, frozen=True, kw_only=True):
    """How the simulated service behaves. Every field has a default; times are seconds of the simulator's clock.

    Prices are looked up by the longest dialling code that begins the number; the key ``""`` stands for all others.
    """

    sid: str | None = None
    """Admit this SID alone (with `token`); ``None`` admits every pair, each as an account of its own."""
    token: str | None = None
    """The token that belongs to `sid`."""
    credits: Price = 100_000
    """What each account starts with."""
    postpaid: bool = False
    """Let balances go below zero instead of refusing (API sections 1.7 and 15.65)."""
    seed: int | None = None
    """Makes ids and numbers repeatable; ``None`` takes fresh ones."""

    sms_prices: Mapping[str, Price] = field(default_factory=lambda: {"81": 10, "60": 3, "": 10})
    """Credits for each part of an SMS (API section 1.7; for countries without a published price, the dearest one)."""
    k_premium_price: Price = 11
    """Credits for each part sent with `jp_kp` or `jp_kpl` (API section 1.7)."""
    tracking_price: Price = 5
    """Added for each message whose link is tracked (API section 1.7)."""
    voice_prices: Mapping[str, Price] = field(default_factory=lambda: {"81": 10, "60": 8, "62": 15, "": 15})
    """Credits for each started minute of a call (API section 1.7; for other countries, the dearest published)."""
    din_caller_price: Price = 15
    """Credits for each started minute to Japan with `jp_din_caller` (API section 1.7)."""
    tts_surcharge: Price = 1
    """Added to each call that speaks a text (API section 1.7)."""
    voice_minimum: Price = 50
    """The balance that any call asks for, whatever it costs (API sections 1.7 and 15.9)."""
    otp_price: Price = 3
    """Credits for each one-time password (API section 1.7)."""
    lookup_price: Price = 5
    """Credits for each carrier look-up, whether something is found or not (API sections 8.1 and 15.64)."""
    early_release_refund: Price = 0.5
    """Share of the first month returned when a number is released within 24 hours (API section 15.54)."""

    sms_queued_seconds: float = 0.3
    """QUEUED → DELIVERING (API section 15.21)."""
    sms_delivering_seconds: float = 0.7
    """DELIVERING → DELIVERED or FAIL (API section 15.21)."""
    ring_seconds: float = 1.0
    """How long a phone rings until it is answered."""
    no_answer_seconds: float = 5.0
    """How long a phone rings that nobody answers."""
    longest_ring_seconds: float = 60.0
    """How long a phone rings at most while it waits for a command to answer it."""
    recording_seconds: float = 3.0
    """How long every mp3 plays: the simulator does not fetch it."""
    tts_characters_per_second: float = 8.0
    """How fast a text is spoken; each text takes at least one second."""
    transfer_seconds: float = 5.0
    """How long a transferred caller talks."""
    conference_seconds: float = 10.0
    """How long everybody in a conference talks."""
    voicemail_seconds: float = 5.0
    """How long a caller speaks after the greeting."""

    numbers: Mapping[str, NumberOutcome] = {}
    """Numbers with a fixed outcome, besides the test numbers: for instance ``{"+818011112222": "fail"}`` (API section
    15.21)."""

    blocked_countries: frozenset[str] = frozenset()
    """Dialling codes that are not served: `Country not allowed` (API section 15.3)."""
    k_premium_senders: frozenset[str] | None = None
    """Registered `jp_kp_sender` ids; ``None`` takes any digits (API section 15.28)."""
    carriers: tuple[Carrier, ...] = field(default_factory=japan_and_malaysia)
    """Which carrier numbers belong to: for the look-up and the K-premium route (API sections 2.1, 8.1)."""
    free_form_allowed: bool = True
    """Whether free-form SMS may be sent at all (API section 15.8)."""
    verified: bool = True
    """Whether the account may subscribe numbers (API section 15.47)."""
    templates_approved: bool = False
    """Approve every template by itself, right after it was written; by default a person has to, as in the real service,
    so that a program cannot come to rely on less (API section 3.2)."""
    template_delete_status: Literal[204, 200] = 204
    """How the deletion of a template is answered (API section 15.33)."""
    otp_lifetime: float = 300.0
    """How long a one-time password is good (API section 15.57)."""
    otp_tries: int = 5
    """How many wrong codes make a one-time password void (API section 15.57)."""
    otp_sender: str = "Xoxzo"
    """Sender of one-time passwords; it is not documented."""
    link_days: float = 90
    """Days after which a short link leads nowhere (API section 2.5)."""
    multi_click: bool = False
    """List every click on a tracked link as `accesses`, up to 1,000 (API section 15.25)."""
    test_text: bool = False
    """Replace every text as for accounts that never bought credits (API section 15.27)."""
    cost_hidden_while_queued: bool = True
    """Show `cost` as 0 while a message is QUEUED (API section 15.22)."""
    recording_urls: RecordingUrls = "published"
    """Which recordings are taken: `documented`, http with letters, digits and ``_ / - . :``; `published`, with
    ``$ * ' ( ) ! ?`` as well, which a tutorial of Xoxzo allows; `any`, https too (API sections 5.1, 15.41 and 16)."""
    strict_sender: bool = False
    """Refuse senders with anything but letters and digits, such as `klis-nine` and `My Shop`; whether the real service
    takes them is not known (API sections 15.4 and 16)."""
    lt_callbackurl_without_scheme: bool = False
    """Take `example.com/click/` as `lt_callbackurl`, as a tutorial of Xoxzo has it (API sections 10.1 and 16)."""
    list_cap: int = 1000
    """The most messages that one list returns (API section 15.18)."""

    requests_per_second: int | None = None
    """Requests of an account in any one second of real time, then 429; ``None`` throttles nothing (API section 15.11).
    The proposed default, 10, is in the profile `strict`."""
    list_interval: float | None = None
    """Real seconds between two calls of the sent list by an account, else 429; ``None`` throttles nothing (API section
    15.11). The profile `strict` asks for 20 minutes."""
    most_connections: int | None = None
    """Connections that an account may have open at once, then 429; ``None`` for any number (API section 15.12). Those
    of `Simulator.serve()` and the command are counted; another ASGI server does not report its own."""
    allowed_addresses: tuple[str, ...] = ()
    """IP addresses and CIDR blocks that may call; empty for all (API sections 1.1 and 15.7)."""
    allowed_hosts: tuple[str, ...] = ()
    """Names that the Host header of the console and the control API may have besides those of this machine, such as
    that of a container. With other names they answer 403, which keeps web pages out."""
    refused_address_status: Literal[401, 403] = 401
    """How a caller from another address is refused (API section 15.7)."""

    legacy_sin: bool = False
    """Serve the retired SIN paths (API sections 4 and 15.38)."""
    legacy_paths: bool = False
    """Serve the paths that were retired in 2018, `/voice/simple/playback/` and `/calls/`, to which some programs still
    go (API sections 5.1, 15.45 and 16)."""

    din_ranges: tuple[NumberRange, ...] = _DINS
    """The dial-in numbers on offer (API section 6.1)."""
    sin_ranges: tuple[NumberRange, ...] = _SINS
    """The receiving numbers on offer with `legacy_sin`; no price survives, these are the simulator's own."""
    numbers_per_range: int = 25
    """How many numbers each range holds."""

    callback_format: Literal["form", "json"] = "form"
    """Body of delivery reports (API sections 15.60 and 15.61)."""
    callback_tries: int = 10
    """How often a callback is tried until it is answered with exactly 200 (API section 15.63)."""
    callback_longest_wait: float = 60.0
    """Cap of the waits between tries, which begin at 1 and double (API section 15.63)."""
    outgoing_timeout: float = 10.0
    """Real seconds for a whole callback or action URL exchange (API sections 15.50 and 15.63)."""
    allow_network: bool = False
    """Let callbacks and action URLs reach other machines; by default only this one is called."""
    anonymous_caller: Literal["empty", "omitted"] = "empty"
    """How a withheld number is sent to the action URL (API section 15.51)."""
    action_numbers_with_plus: bool = False
    """Send `caller` and `recipient` to the action URL with a leading + (API section 15.52)."""
    keep_action_query: bool = True
    """Keep the query that an action URL already has (API section 15.71)."""
    actions_per_answer: int = 1
    """How many lines of an action answer are carried out (API sections 11 and 15.53)."""
    inbound_calls_listed: bool = True
    """Show incoming calls under `/voice/calls/` (API section 15.70)."""

    max_body: int = 1_000_000
    """Largest request body in bytes; more is 413."""
    max_messages: int = 1_000_000
    """Messages kept; the oldest are forgotten first."""
    max_calls: int = 200_000
    """Calls kept; the oldest are forgotten first."""
    max_templates: int = 10_000
    """Templates kept; the oldest are forgotten first."""
    max_websites: int = 10_000
    """Websites kept that were registered for one-time passwords; the oldest are forgotten first."""
    max_accounts: int = 100_000
    """Accounts kept; the oldest are forgotten first, with all that they hold."""
    max_callbacks: int = 10_000
    """Callback attempts kept in the log; the oldest are forgotten first."""
    max_requests: int = 1_000
    """Requests kept in the request log, and as many that failed; the oldest are forgotten first."""
    max_age: float | None = None
    """Days on the simulator's clock after which messages, calls, conferences and callback attempts are forgotten;
    ``None`` forgets none for its age."""
    max_waiting: int = 1_000_000
    """Events that may wait for their moment; of more, the first happen early."""
    max_outgoing: int = 100_000
    """Requests for callbacks and actions that may wait to be made; of more, the oldest fail."""


PROFILES: Mapping[str, Mapping[str, Any]] = {
    # For daily work: nothing is throttled, everything may be sent.
    "standard": {},
    # Throttled as the real service is reported to be, the sent list above all (API sections 1.6 and 15.11); and what
    # is not documented is refused.
    "strict": {
        "requests_per_second": 10,
        "list_interval": 1200.0,
        "recording_urls": "documented",
        "strict_sender": True,
    },
    # An account on its first day: templates only, a fixed text instead of one's own, no identity check, and the
    # free credits of the sign-up (API sections 1.7 and 2.1).
    "new-account": {"free_form_allowed": False, "test_text": True, "verified": False, "credits": 50},
}


def profile(name: str, **changes: Any) -> Settings:  # noqa: ANN401 - the fields of Settings have many types
    """Return the settings of a profile.

    Args:
        name: `standard`, `strict` or `new-account`.
        changes: Fields of `Settings` that differ from it.

    Raises:
        SimulatorError: There is no such profile.
    """
    if name not in PROFILES:
        raise SimulatorError(
            "unknown_profile", "there is no profile {name!r}; there are {known}", name=name, known=", ".join(PROFILES)
        )
    return replace(Settings(), **{**PROFILES[name], **changes})
