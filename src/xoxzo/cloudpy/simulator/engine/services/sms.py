"""SMS in both directions, the short links in them, and their templates (API sections 2 to 4)."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Literal

from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.simulator.engine import rules
from xoxzo.cloudpy.simulator.engine.context import DAY_SECONDS, EngineContext, OldestFirst, TrafficRecords
from xoxzo.cloudpy.simulator.engine.records import traffic
from xoxzo.cloudpy.simulator.engine.records.accounts import Account, Template
from xoxzo.cloudpy.simulator.engine.services.accounts import SubscribedNumberService
from xoxzo.cloudpy.simulator.engine.services.callbacks import Shared
from xoxzo.cloudpy.simulator.settings import Settings, carrier_of

_MAX_ACCESSES = 1000
_FINAL = ("DELIVERED", "FAIL")

TEST_TEXT = "This is a test message from Xoxzo."
"""What accounts that never bought credits send (API section 15.27)."""


@lru_cache(maxsize=1_000)  # one number for all messages that cost as much: each takes a hundred bytes
def _sum_of(price: Decimal, count: int, tracking: Decimal | None) -> Decimal:
    return price * count + (tracking or 0)


def sms_route(settings: Settings, request: traffic.SmsRequest) -> tuple[Decimal, str]:
    """Return the price of each part and the sender that the phone shows (API section 2.1, K-premium matrix).

    A K-premium message goes out with the registered sender, or with the carrier's fixed one. Under Lite some carriers
    get it by the standard route, at the standard price. A number without a known carrier is treated as one of those
    that show the registered sender.
    """
    if request.k_premium:
        carrier = carrier_of(settings.carriers, request.recipient)
        if request.k_premium == "full" or carrier is None or carrier.k_premium_lite:
            fixed = carrier.k_premium_sender if carrier else None
            return rules.as_decimal(settings.k_premium_price), fixed or request.k_premium_sender
    return rules.price_for_number(settings.sms_prices, request.recipient), request.sender


class SmsService:
    """Accepts messages, takes their price and brings them to the phones; takes what phones write to numbers."""

    def __init__(self, shared: Shared, sins: SubscribedNumberService) -> None:
        self._context, self._accounts, self._callbacks, self._outcome_rules = shared
        self._sins = sins
        self.links: dict[str, traffic.Message] = {}
        """Messages by the path of their short link."""
        limit = self._context.settings.max_messages
        self.messages = TrafficRecords[traffic.Message](
            self._context, limit, lambda one: one.sent, lambda one: (one.request.recipient,), self._unlink
        )
        self.replies = TrafficRecords[traffic.InboundSms](
            self._context, limit, lambda one: one.at, lambda one: (one.sender,)
        )
        self.by_phone, self.by_account = self.messages.by_phone, self.messages.by_account
        self._accounts.on_delete.append(lambda account: self.messages.delete(self.by_account.get(account, ())))

    def send(self, account: Account, request: traffic.SmsRequest) -> traffic.Message:
        """Accept a message and take its price, or raise `MessageTooLong` (API section 15.26) or `NotEnoughCredits`."""
        settings, context = self._context.settings, self._context
        text = measured = request.text
        tracking = None
        if request.track_link:
            text, measured, tracking = self._shorten(request)
        if settings.test_text and not account.bought and request.fixed_cost is None:
            text = measured = TEST_TEXT
        count = rules.count_parts(measured)
        if count is None:
            raise rules.MessageTooLong
        price, shown_sender = sms_route(settings, request)
        tracked = rules.as_decimal(settings.tracking_price) if tracking else None
        cost = _sum_of(price, count, tracked) if request.fixed_cost is None else request.fixed_cost
        self._accounts.charge(account, cost)
        message = traffic.Message(
            msgid=context.msgid(),
            account=account,
            request=request,
            text=text,
            shown_sender=shown_sender,
            parts=count,
            cost=cost,
            tracking=tracking,
            sent=context.now(),
            serial=context.serial(),
            received=context.received,
        )
        message.moves.append((message.sent, "QUEUED", ""))
        context.mark_changed(message)
        self._keep(message)
        context.minute(message.sent).sms += 1
        self._publish(message, content=text)
        context.after(settings.sms_queued_seconds, lambda: self._deliver(message))
        return message

    def receive(self, sin: str, sender: str, text: str) -> traffic.InboundSms:
        """Let an SMS come in, or raise `ItemNotFound`; it is charged and posted to the number's action URL."""
        line, owner = self._sins.by_number(sin)
        status: traffic.InboundSmsStatus = "NO ACTION URL"
        cost = Decimal(line.range.minute_cost)
        if line.action_url is not None:
            status = "RECEIVED" if self._accounts.pay(owner, cost) else "NO CREDITS"
        reply = traffic.InboundSms(
            ident=self._context.msgid(),
            account=owner,
            sender=sender,
            recipient=f"+{line.number}",
            text=text,
            cost=cost if status == "RECEIVED" else Decimal(0),
            at=self._context.now(),
            status=status,
            serial=self._context.serial(),
        )
        self._context.mark_changed(reply)
        self.replies.keep(reply.ident, reply)
        numbers = {"from": sender, "to": reply.recipient}
        self._context.publish("reply", reply.ident, numbers=numbers, content=text, status=status)
        if status == "RECEIVED" and line.action_url is not None:
            # No source documents the names of these fields (API section 10).
            report = {"sender": sender, "recipient": line.number, "message": text}
            report["received_time"] = rules.format_time(reply.at)
            self._callbacks.post("reply", reply.ident, line.action_url, report)
        return reply

    def restore(self, message: traffic.Message) -> None:
        """Take back a message that was saved; it goes on from when it was sent."""
        self._keep(message)
        if message.status == "QUEUED":
            self._context.at(message.sent + self._context.settings.sms_queued_seconds, lambda: self._deliver(message))
        elif message.due is not None:
            self._await(message, message.due)

    def open_link(self, path: str) -> str | None:
        """Record a click on a short link, report the first; return where it leads, ``None`` if unknown or expired."""
        message, context = self.links.get(path), self._context
        if message is None or message.tracking is None:
            return None
        request, tracking = message.request, message.tracking
        if context.now() - message.sent >= context.settings.link_days * DAY_SECONDS:
            return None
        first = not tracking.accesses
        if len(tracking.accesses) < _MAX_ACCESSES:
            tracking.accesses.append(context.now())
            context.mark_changed(message)
        context.publish("click", message.msgid, numbers={"by": request.recipient}, first=first)
        if first and request.click_callback_url:
            report = {  # API section 15.62
                "msgid": message.msgid,
                "recipient": request.recipient,
                "link": tracking.link,
                "shortlink": tracking.shortlink,
                "accessed_on": rules.format_time(tracking.accesses[0]),
                "tags": list(request.tags),
            }
            self._callbacks.post("click", message.msgid, request.click_callback_url, report)
        return tracking.link if tracking.link.startswith(("http://", "https://")) else f"http://{tracking.link}"

    def view(self, message: traffic.Message, base_url: str) -> dict[str, object]:
        """Return a message as the API shows it now."""
        settings = self._context.settings
        return message.view(base_url, hide_cost=settings.cost_hidden_while_queued, all_accesses=settings.multi_click)

    def held(self) -> list[traffic.Message]:
        """Return the messages that the carrier holds until a command decides, the oldest first."""
        return [message for message in self.messages.values() if message.status == "DELIVERING" and message.due is None]

    def under_way(self, msgid: str) -> traffic.Message:
        """Return a message that is not delivered and has not failed yet, or raise `ItemNotFound`."""
        message = self.messages.get(msgid)
        if message is None or message.status in _FINAL:
            raise rules.ItemNotFound("no_such_message", "there is no such message under way")
        return message

    def delay(self, message: traffic.Message, seconds: float) -> None:
        """Have a message delivered so much later from now."""
        if message.status == "QUEUED":
            self._move(message, "DELIVERING", N_("by command"))
        why = rules.Reason(N_("delayed by {n} s"), n=f"{seconds:g}")
        message.moves.append((self._context.now(), "DELIVERING", why))
        self._await(message, self._context.now() + seconds)
        self._context.mark_changed(message)
        self._publish(message)

    def finish(self, message: traffic.Message, status: Literal["DELIVERED", "FAIL"], why: str) -> None:
        """Deliver or fail a message, and report it (API section 10)."""
        self._move(message, status, why)
        if url := message.request.callback_url:
            shown = self.view(message, message.request.base_url)
            names = ("msgid", "status", "recipient", "sender", "sent_time", "cost", "tags", "url")
            self._callbacks.post("sms", message.msgid, url, {name: shown[name] for name in names})

    def _shorten(self, request: traffic.SmsRequest) -> tuple[str, str, traffic.LinkTracking | None]:
        """Put a short link in place of the first one; return the text, the text that is measured, and the link, if any.

        The two texts differ by the length of the short address alone: parts and cost are those of the real service,
        whose address is shorter than one of this machine (API section 15.26).
        """
        path = self._context.short_path()
        while path in self.links:
            path = self._context.short_path()
        shortlink = f"{request.base_url}/s/{path}"
        replaced = rules.replace_link(request.text, shortlink)
        if replaced is None:
            return request.text, request.text, None
        text, link = replaced
        measured, _ = rules.replace_link(request.text, f"https://xoz.so/{path}") or replaced
        return text, measured, traffic.LinkTracking(link=link, path=path, shortlink=shortlink)

    def _deliver(self, message: traffic.Message) -> None:
        if message.status != "QUEUED":
            return  # a command came first
        result = self._outcome_rules.of("sms", message.request.recipient)
        if result.outcome != "hold":
            longer = result.seconds if result.outcome == "delay" else 0.0
            self._await(message, self._context.now() + self._context.settings.sms_delivering_seconds + longer)
        self._move(message, "DELIVERING", result.why)

    def _await(self, message: traffic.Message, due: float) -> None:
        message.due = due

        def fall_due() -> None:
            if message.due == due and message.status not in _FINAL:  # else it was delayed or ended by a command
                result = self._outcome_rules.of("sms", message.request.recipient)
                self.finish(message, "FAIL" if result.outcome == "fail" else "DELIVERED", result.why)

        self._context.at(due, fall_due)

    def _move(self, message: traffic.Message, status: traffic.SmsStatus, why: str) -> None:
        message.status = status
        message.moves.append((self._context.now(), status, why))
        if message.msgid in self.messages:  # it may have been deleted since
            self._context.mark_changed(message)
        self._publish(message)

    def _publish(self, message: traffic.Message, content: str | None = None) -> None:
        if self._context.listeners:
            numbers = {"to": message.request.recipient}
            facts = {"status": message.status, "parts": message.parts, "cost": rules.price_json(message.cost)}
            self._context.publish("sms", message.msgid, numbers=numbers, content=content, **facts)

    def _keep(self, message: traffic.Message) -> None:
        if message.tracking:
            self.links[message.tracking.path] = message
        self.messages.keep(message.msgid, message)

    def _unlink(self, message: traffic.Message) -> None:
        if message.tracking:
            del self.links[message.tracking.path]


class TemplateService:
    """Keeps all templates. Ids are unique over all accounts, so that an approval needs the id only."""

    def __init__(self, context: EngineContext) -> None:
        self._context = context
        self.last = 0
        """The last id that was given."""
        self.templates: OldestFirst[int, Template] = OldestFirst(
            context.settings.max_templates, lambda template: template.ident, context.mark_deleted
        )

    def create(self, account: Account, name: str, content: str) -> Template:
        """Store a new template, which waits for approval."""
        self.last += 1
        template = Template(ident=self.last, account=account, name=name, pending_content=content)
        self._context.mark_changed(template)
        self._publish(template, "created", content)
        self.restore(template)
        return template

    def restore(self, template: Template) -> None:
        """Store a template, new or loaded; over the limit, the oldest is deleted."""
        self.templates.keep(template.ident, template)
        if template.pending_content is not None:
            self._await_approval(template)

    def update(self, template: Template, *, name: str | None, content: str | None) -> None:
        """Change a template; a new text waits for approval, a new name alone does not (API section 15.32)."""
        if name is not None:
            template.name = name
        if content is not None:
            template.pending_content = content
            self._await_approval(template)
        self._context.mark_changed(template)
        self._publish(template, "updated", content)

    def delete(self, template: Template) -> None:
        """Delete a template."""
        self.templates.delete([template.ident])
        self._publish(template, "deleted")

    def approve(self, ident: int) -> Template:
        """Put the text that waits into force; without one nothing changes. `ItemNotFound` for an unknown id."""
        template = self._any(ident)
        if template.pending_content is not None:
            template.approved_content, template.pending_content = template.pending_content, None
            self._context.mark_changed(template)
            self._publish(template, "approved")
        return template

    def give_back(self, ident: int) -> Template:
        """Do what `OfficeCommands.give_back` says; raise `ItemNotFound` for an unknown id."""
        template = self._any(ident)
        if template.approved_content is not None:
            template.pending_content = None
            self._context.mark_changed(template)
        self._publish(template, "returned")
        return template

    def _any(self, ident: int) -> Template:
        template = self.templates.get(ident)
        if template is None:
            raise rules.ItemNotFound("no_such_template", "there is no such template")
        return template

    def _await_approval(self, template: Template) -> None:
        if self._context.settings.templates_approved:
            # By a timer that is due at once: the reply still says PENDING, as the real one does.
            self._context.after(0, lambda: template.ident in self.templates and self.approve(template.ident))

    def _publish(self, template: Template, what: str, content: str | None = None) -> None:
        self._context.publish("template", str(template.ident), content=content, what=what, status=template.status)
