"""Render a report of a campaign as one HTML page without external resources: figures, charts, failures."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from decimal import Decimal
from html import escape
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from xoxzo.cloudpy.campaigns.content import Content
from xoxzo.cloudpy.campaigns.inputs.recipients import LeftOut
from xoxzo.cloudpy.campaigns.ledger import Ledger
from xoxzo.cloudpy.campaigns.records import State, outcome_reason, read_reason
from xoxzo.cloudpy.campaigns.report.charts import Bar, bar_chart, line_chart, share, stacked_bar
from xoxzo.cloudpy.campaigns.report.statistics import Statistics
from xoxzo.cloudpy.common.locale import N_, format_credits, translations

STATES = {
    State.DELIVERED: (N_("delivered"), "good"),
    State.SENT: (N_("sent, no final status yet"), "main"),
    State.FAILED: (N_("failed at the carrier"), "bad"),
    State.REJECTED: (N_("rejected by Xoxzo"), "worse"),
    State.UNKNOWN: (N_("unknown: may have been sent"), "unknown"),
    State.ASSUMED: (N_("assumed to be sent"), "guess"),
    State.SKIPPED: (N_("left out"), "rest"),
    State.WAITING: (N_("not sent"), "none"),
}
"""The label of each state, and its class in the style sheet."""
_KINDS = {
    "text": N_("SMS"),
    "template": N_("SMS by template"),
    "say": N_("calls that speak"),
    "play": N_("calls that play an mp3"),
}
_LATENCIES = ((5, N_("≤ 5 s")), (15, N_("≤ 15 s")), (60, N_("≤ 1 min")), (300, N_("≤ 5 min")), (3600, N_("≤ 1 h")))
_NO_CARRIER = N_("not known any more")
_NO_REASON = N_("no reason was given")
_FAILED = frozenset({State.FAILED, State.REJECTED})
# All fits on one sheet of paper.
_MAX_CARRIERS = 8
_MAX_REASONS = 8


def render_report(
    name: str,
    content: Content,
    ledger: Ledger,
    *,
    language: str | None = None,
    zone: ZoneInfo | None = None,
    yen_per_credit: Decimal | None = None,
) -> str:
    """Return the page; it shows no phone number, no message and no id. See ``Campaign.render_report``."""
    country = (ledger.get("input") or {}).get("country", "")
    language = language or ("ja" if country == "JP" else "en")
    zone = zone or default_zone(ledger)
    return _Page(name, content, ledger, language=language, zone=zone, yen_per_credit=yen_per_credit).render()


def default_zone(ledger: Ledger) -> ZoneInfo | None:
    """Return the recipients' time zone where this machine has none but UTC; else ``None`` for this machine's."""
    zones = [zone for zone in ledger.get("zones") or () if zone]
    is_utc = not datetime.now().astimezone().utcoffset()
    return ZoneInfo(zones[0]) if is_utc and len(zones) == 1 and "," not in zones[0] else None


class _Page:
    """One page, in one language."""

    def __init__(
        self,
        name: str,
        content: Content,
        ledger: Ledger,
        *,
        language: str,
        zone: ZoneInfo | None,
        yen_per_credit: Decimal | None,
    ) -> None:
        self._name = name
        self._content = content
        self._ledger = ledger
        self._language = language
        self._zone = zone
        self._yen_per_credit = yen_per_credit
        self._figures = Statistics(ledger.recipient_statuses(), ledger.get("statistics"))
        self.gettext = translations(language).gettext
        self.ngettext = translations(language).ngettext

    def render(self) -> str:
        """Return the page as HTML."""
        sections = (
            (self.gettext("Recipients by state"), self._states(), True),
            (self.gettext("Progress"), self._progress(), True),
            (self.gettext("From recipient to delivery"), self._funnel(), False),
            (self.gettext("From sent to delivered"), self._latency(), False),
            (self.gettext("Parts and cost"), self._parts(), False),
            (self.gettext("Failures by carrier"), self._carriers(), False),
            (self.gettext("What went wrong"), self._failures(), False),
            (self.gettext("Left out"), self._left_out(), False),
        )
        body = "".join(
            f"<section{' class=wide' if wide else ''}><h2>{escape(title)}</h2>{content}</section>"
            for title, content, wide in sections
        )
        style = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
        title = self.gettext("{name} · campaign report").format(name=self._name)
        return (
            f'<!doctype html><html lang="{self._language}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<title>{escape(title)}</title><style>{style}</style></head><body><main>"
            f"{self._head()}{self._cards()}"
            f'<div class="sections">{body}</div>{self._foot()}</main></body></html>\n'
        )

    def _head(self) -> str:
        ledger, figures = self._ledger, self._figures
        created = self._local(ledger.created())
        kind = self.gettext(_KINDS[self._content.kind])
        facts = [
            self.gettext("{kind} from {sender}").format(kind=kind, sender=self._content.sender),
            self.gettext("created {time}").format(time=_day(created)),
        ]
        if figures.sent:
            first, last = (self._local(at) for at in (min(figures.sent), max(figures.sent)))
            end = f"{last:%H:%M}" if first.date() == last.date() else _day(last)
            facts.append(self.gettext("sent {first} to {last}").format(first=_day(first), last=end))
        facts[-1] += f"{created: %Z}"
        state = str(ledger.get("state"))
        reason = read_reason(ledger.get("reason")).render(self.gettext)
        why = f'<p class="why">{escape(reason)}</p>' if reason else ""
        return (
            f'<header><h1>{escape(self._name)}</h1><span class="state {escape(state)}">'
            f'{escape(self.gettext(state))}</span>{why}<p class="soft">{escape(" · ".join(facts))}</p></header>'
        )

    def _cards(self) -> str:
        figures = self._figures
        total, states = figures.total, figures.states
        failed = states[State.FAILED] + states[State.REJECTED]
        counted = (
            (figures.accepted, self.gettext("sent"), "main"),
            (states[State.DELIVERED], self.gettext("delivered"), "good"),
            (failed, self.gettext("failed"), "bad"),
            (states[State.UNKNOWN], self.gettext("unknown"), "unknown"),
        )
        shown = (
            (f"{total:,}", self.gettext("recipients"), "", ""),
            *((f"{count:,}", word, _of(count, total), kind if count else "") for count, word, kind in counted),
            self._charged(),
        )
        cards = "".join(
            f'<div class="card {kind}"><b>{value}</b><span>{escape(word)}</span><small>{escape(more)}</small></div>'
            for value, word, more, kind in shown
        )
        return f'<div class="cards">{cards}</div>'

    def _charged(self) -> tuple[str, str, str, str]:
        charged, estimate = self._figures.charged, self._figures.estimate
        if charged is None and self._figures.accepted:
            note = self._yen(estimate) or self.gettext("not known yet what is charged")
            return f"≈ {estimate:,.0f}", self.gettext("credits estimated"), note, ""
        estimated = self.gettext("of {credits} estimated").format(credits=f"{estimate:,.0f}")
        note = self._yen(charged or Decimal(0)) or estimated
        return f"{charged or 0:,.0f}", self.gettext("credits charged"), note, ""

    def _yen(self, amount: Decimal) -> str:
        """Return credits in yen; empty where no price is given."""
        return "" if self._yen_per_credit is None else f"¥{amount * self._yen_per_credit:,.0f}"

    def _local(self, seconds: float) -> datetime:
        return datetime.fromtimestamp(seconds).astimezone(self._zone)

    def _left_out(self) -> str:
        """Return a line for each reason why people of the list were not sent to; opt-outs come first."""
        facts, figures = self._ledger.get("input") or {}, self._figures
        rows = [(self.gettext("opted out"), figures.opted_out)]
        rows.append((outcome_reason("contacted", self.gettext), figures.contacted))
        listed = [msgspec.convert(one, LeftOut) for one in facts.get("left_out") or ()]
        listed = sorted(listed, key=lambda one: -one.count)[:_MAX_REASONS]
        rows += [(f"{one.column} {one.reason.render(self.gettext)}", one.count) for one in listed]
        others = (facts.get("bad") or 0) + (facts.get("repeated") or 0) - sum(one.count for one in listed)
        rows.append((self.gettext("other reasons"), others))
        shown = [f"<tr><td>{escape(reason)}</td><td>{count:,}</td></tr>" for reason, count in rows if count > 0]
        table = f"<table>{''.join(shown)}</table>" if shown else f'<p class="soft">{self.gettext("Nobody.")}</p>'
        later = figures.opted_out_later
        line = self.ngettext(
            "{count} recipient has opted out after this message.",
            "{count} recipients have opted out after this message.",
            later,
        )
        return table + (f'<p class="soft">{line.format(count=f"{later:,}")}</p>' if later else "")

    def _states(self) -> str:
        states = self._figures.states
        bars = [Bar(self.gettext(word), states[state], kind) for state, (word, kind) in STATES.items() if states[state]]
        return stacked_bar(bars) or self._nothing()

    def _progress(self) -> str:
        figures = self._figures
        delivered = self.gettext("known to be delivered") if figures.known_within else self.gettext("delivered")
        lines = ((self.gettext("sent"), figures.sent, "main"), (delivered, figures.delivered, "good"))
        return line_chart(lines, figures.total, self._zone) or self._nothing()

    def _funnel(self) -> str:
        states, total = self._figures.states, self._figures.total
        tried = total - states[State.WAITING] - states[State.SKIPPED]
        bars = [
            Bar(self.gettext("recipients"), total, "rest"),
            Bar(self.gettext("tried"), tried, "rest"),
            Bar(self.gettext("sent"), self._figures.accepted, "main"),
            Bar(self.gettext("delivered"), states[State.DELIVERED], "good"),
        ]
        return bar_chart(bars, total) or self._nothing()

    def _latency(self) -> str:
        figures = self._figures
        known = figures.known_within
        note = ""
        if known:
            line = self.ngettext(
                "{count} more is known to be delivered within {time}; no report told when.",
                "{count} more are known to be delivered within {time}; no report told when.",
                known.total(),
            ).format(count=f"{known.total():,}", time=self._duration(max(known)))
            note = f'<p class="soft">{line}</p>'
        counts = figures.delivered_within([most for most, _word in _LATENCIES])
        if not any(counts):
            return note or self._nothing()
        names = [*(self.gettext(word) for _most, word in _LATENCIES), self.gettext("over 1 h")]
        half, most = (self._duration(figures.latency_quantile(share) or 0.0) for share in (0.5, 0.95))
        last = max(index for index, count in enumerate(counts) if count)
        shown = bar_chart([Bar(name, count) for name, count in zip(names, counts, strict=True)][: last + 1])
        lead = self.gettext("Half within {half}, 95 % within {most}.").format(
            half=f"<b>{half}</b>", most=f"<b>{most}</b>"
        )
        return f'<p class="lead">{lead}</p>{shown}{note}'

    def _parts(self) -> str:
        figures = self._figures
        rows = []
        for n, count in sorted(figures.parts.items()):
            word = self.gettext("calls")
            if not self._content.is_call:
                word = self.ngettext("{n} part", "{n} parts", n).format(n=n)
            cost = format_credits(figures.costs[n], self.ngettext)
            cost = " · ".join(filter(None, (cost, self._yen(figures.costs[n]))))
            rows.append(Bar(word, count, "main", cost))
        return bar_chart(rows) or self._nothing()

    def _carriers(self) -> str:
        figures = self._figures
        failed: Counter[str] = Counter()
        for (carrier, state, _error), count in figures.failures.items():
            if state in _FAILED:
                failed[carrier] += count
        if not failed:
            return f'<p class="soft">{self.gettext("No failures.")}</p>'
        rows = []
        for name, count in failed.most_common(_MAX_CARRIERS):
            every = figures.by_carrier[name]
            note = self.gettext("{share} of {count}").format(share=share(count, every), count=f"{every:,}")
            rows.append(Bar(name or self.gettext(_NO_CARRIER), count, "bad", note))
        hint = self.gettext("By the carrier that a range of numbers was assigned to; ported numbers keep it.")
        return bar_chart(rows) + f'<p class="soft">{hint}</p>'

    def _failures(self) -> str:
        reasons: Counter[tuple[State, str]] = Counter()
        for (_carrier, state, error), count in self._figures.failures.items():
            if state is not State.SKIPPED:
                reasons[state, error] += count
        if not reasons:
            return f'<p class="soft">{self.gettext("Nothing.")}</p>'
        rows = "".join(
            f'<tr><td class="mark"><i class="{STATES[state][1]}"></i></td><td>'
            f"{escape(self.gettext(STATES[state][0]))}<small>"
            f"{escape(outcome_reason(error, self.gettext) or self.gettext(_NO_REASON))}</small></td>"
            f"<td>{count:,}</td></tr>"
            for (state, error), count in reasons.most_common(_MAX_REASONS)
        )
        if (more := reasons.total() - sum(count for _reason, count in reasons.most_common(_MAX_REASONS))) > 0:
            rows += f"<tr><td></td><td>{escape(self.gettext('other reasons'))}</td><td>{more:,}</td></tr>"
        return f"<table>{rows}</table>"

    def _foot(self) -> str:
        from xoxzo.cloudpy.common.version import __version__

        now = f"{datetime.now().astimezone(self._zone):%Y-%m-%d %H:%M %Z}"
        made = self.gettext("Made {time} by xoxzo.cloudpy {version}.").format(time=now, version=__version__)
        rest = self.gettext("This page contains no phone number and no message.")
        return f'<footer class="soft">{made} {rest}</footer>'

    def _nothing(self) -> str:
        return f'<p class="soft">{self.gettext("Nothing yet.")}</p>'

    def _duration(self, seconds: float) -> str:
        if seconds < 100:
            return self.gettext("{count} s").format(count=f"{seconds:g}")
        if seconds < 6000:
            return self.gettext("{count} min").format(count=f"{seconds / 60:.0f}")
        return self.gettext("{count} h").format(count=f"{seconds / 3600:.1f}")


def _of(value: int, total: int) -> str:
    return share(value, total) if total else ""


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
