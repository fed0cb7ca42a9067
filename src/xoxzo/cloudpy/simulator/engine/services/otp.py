"""One-time passwords: registered websites, codes by SMS, and their verification (API section 7)."""

from __future__ import annotations

from xoxzo.cloudpy.simulator.engine.context import EngineContext, OldestFirst
from xoxzo.cloudpy.simulator.engine.records.accounts import Account, Otp, OtpKey, Website, otp_key
from xoxzo.cloudpy.simulator.engine.records.traffic import Message, SmsRequest
from xoxzo.cloudpy.simulator.engine.rules import as_decimal
from xoxzo.cloudpy.simulator.engine.services.sms import SmsService

SENTENCE = "あなたの確認コードは{code}です。"
"""The text of the only template that exists (API section 7.1)."""


class OtpService:
    """Registers websites, sends codes and verifies them, each code once."""

    def __init__(self, context: EngineContext, sms: SmsService) -> None:
        self._context = context
        self._sms = sms
        limit = context.settings.max_websites
        self.websites: OldestFirst[Website, Website] = OldestFirst(limit, lambda _website: 0, context.mark_deleted)
        self.active: dict[OtpKey, Otp] = {}
        self.by_msgid: dict[str, Otp] = {}

    def register(self, account: Account, website: str) -> bool:
        """Link a website to an account; false if it was before."""
        entry = Website(account.sid, account.token, website)
        if entry in self.websites:
            return False
        self._context.mark_changed(entry)
        self.websites.keep(entry, entry)
        self._context.publish("otp", "website", what="registered")
        return True

    def is_registered(self, account: Account, website: str) -> bool:
        """Say whether an account registered a website."""
        return Website(account.sid, account.token, website) in self.websites

    def request(self, account: Account, website: str, phone: str, base_url: str) -> Message | None:
        """Send a new code, or `NotEnoughCredits`; ``None`` if the phone has one for this website (15.57)."""
        if otp_key(account, website, phone) in self.active:
            return None
        settings = self._context.settings
        code = f"{self._context.random.randrange(10**6):06d}"
        text, cost = SENTENCE.format(code=code), as_decimal(settings.otp_price)
        request = SmsRequest(text=text, recipient=phone, sender=settings.otp_sender, fixed_cost=cost, base_url=base_url)
        message = self._sms.send(account, request)
        otp = Otp(
            msgid=message.msgid,
            account=account,
            website=website,
            phone=phone,
            code=code,
            tries_left=settings.otp_tries,
            created=self._context.now(),
        )
        self._context.mark_changed(otp)
        self.restore(otp)
        return message

    def restore(self, otp: Otp) -> None:
        """Store a code, new or loaded, until it expires."""
        self.active[otp.key] = self.by_msgid[otp.msgid] = otp
        self._context.at(otp.created + self._context.settings.otp_lifetime, lambda: self._end(otp))

    def verify(self, account: Account, code: str, *, website: str, phone: str, msgid: str) -> bool:
        """Try a code by website and phone or by `msgid`; it works once, and wrong ones end it (API section 15.57)."""
        otp = self.by_msgid.get(msgid) if msgid else self.active.get(otp_key(account, website, phone))
        if otp is None or otp.key != otp_key(account, website or otp.website, phone or otp.phone):
            return False
        right = code == otp.code
        otp.tries_left -= 1
        self._context.mark_changed(otp)
        if right or otp.tries_left <= 0:
            self._end(otp)
        self._context.publish("otp", otp.msgid, numbers={"to": otp.phone}, what="verified" if right else "wrong code")
        return right

    def _end(self, otp: Otp) -> None:
        if self.by_msgid.pop(otp.msgid, None) is not None:
            del self.active[otp.key]
            self._context.mark_deleted(otp)
