"""Render a report of a campaign as one HTML page without external resources: figures, charts, failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from html import escape
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from xoxzo.cloudpy.campaigns.content import Content
from xoxzo.cloudpy.campaigns.inputs.recipients import LeftOut
from xoxzo.cloudpy.campaigns.ledger import Ledger
from xoxzo.cloudpy.campaigns.records import State, outcome_reason, read_reason
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
_FAILED = frozenset({State.FAILED, State.REJECTED})
_WIDTH, _HEIGHT = 1000, 300
_POINTS = 160
_MINUTE = "%Y-%m-%d %H:%M"
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
    figures, words = Statistics(ledger.recipient_statuses(), ledger.get("statistics")), translations(language)
    page = _Page(content, ledger, figures, zone or default_zone(ledger), yen_per_credit, words.gettext, words.ngettext)
    return page.render(name, language)


def default_zone(ledger: Ledger) -> ZoneInfo | None:
    """Return the recipients' time zone where this machine has none but UTC; else ``None`` for this machine's."""
    zones = [zone for zone in ledger.get("zones") or () if zone]
    is_utc = not datetime.now().astimezone().utcoffset()
    return ZoneInfo(zones[0]) if is_utc and len(zones) == 1 and "," not in zones[0] else None


class _Page(NamedTuple):
    """The parts of one page, in one language."""

    content: Content
    ledger: Ledger
    figures: Statistics
    zone: ZoneInfo | None
    yen_per_credit: Decimal | None
    gettext: Callable[[str], str]
    ngettext: Callable[[str, str, int], str]

    def render(self, name: str, language: str) -> str:
        """Return the page as HTML."""
        _ = self.gettext
        sections = (
            (_("Recipients by state"), self._states(), " class=wide"),
            (_("Progress"), self._progress(), " class=wide"),
            (_("From recipient to delivery"), self._funnel(), ""),
            (_("From sent to delivered"), self._latency(), ""),
            (_("Parts and cost"), self._parts(), ""),
            (_("Failures by carrier"), self._carriers(), ""),
            (_("What went wrong"), self._failures(), ""),
            (_("Left out"), self._left_out(), ""),
        )
        body = "".join(
            f"<section{wide}><h2>{escape(title)}</h2>{shown or self._soft(_('Nothing yet.'))}</section>"
            for title, shown, wide in sections
        )
        style = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
        title = _("{name} · campaign report").format(name=name)
        return (
            f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<title>{escape(title)}</title><style>{style}</style></head><body><main>"
            f"{self._head(name)}{self._cards()}"
            f'<div class="sections">{body}</div>{self._foot()}</main></body></html>\n'
        )

    def _head(self, name: str) -> str:
        _, sent, created = self.gettext, self.figures.sent, self._local(self.ledger.created())
        facts = [
            _("{kind} from {sender}").format(kind=_(_KINDS[self.content.kind]), sender=self.content.sender),
            _("created {time}").format(time=f"{created:{_MINUTE}}"),
        ]
        if sent:
            first, last = self._local(min(sent)), self._local(max(sent))
            end = f"{last:%H:%M}" if first.date() == last.date() else f"{last:{_MINUTE}}"
            facts.append(_("sent {first} to {last}").format(first=f"{first:{_MINUTE}}", last=end))
        facts[-1] += f"{created: %Z}"
        state = str(self.ledger.get("state"))
        reason = read_reason(self.ledger.get("reason")).render(_)
        why = f'<p class="why">{escape(reason)}</p>' if reason else ""
        return (
            f'<header><h1>{escape(name)}</h1><span class="state {escape(state)}">'
            f'{escape(_(state))}</span>{why}<p class="soft">{escape(" · ".join(facts))}</p></header>'
        )

    def _cards(self) -> str:
        _, total, states = self.gettext, self.figures.total, self.figures.states
        counted = (
            (self.figures.accepted, _("sent"), "main"),
            (states[State.DELIVERED], _("delivered"), "good"),
            (states[State.FAILED] + states[State.REJECTED], _("failed"), "bad"),
            (states[State.UNKNOWN], _("unknown"), "unknown"),
        )
        shown = [(f"{total:,}", _("recipients"), "", "")]
        for count, word, kind in counted:
            shown.append((f"{count:,}", word, share(count, total) if total else "", kind if count else ""))
        cards = "".join(
            f'<div class="card {kind}"><b>{value}</b><span>{escape(word)}</span><small>{escape(more)}</small></div>'
            for value, word, more, kind in (*shown, self._charged())
        )
        return f'<div class="cards">{cards}</div>'

    def _charged(self) -> tuple[str, str, str, str]:
        _, charged, estimate = self.gettext, self.figures.charged, self.figures.estimate
        if charged is None and self.figures.accepted:
            note = self._yen(estimate) or _("not known yet what is charged")
            return f"≈ {estimate:,.0f}", _("credits estimated"), note, ""
        note = self._yen(charged or Decimal(0)) or _("of {credits} estimated").format(credits=f"{estimate:,.0f}")
        return f"{charged or 0:,.0f}", _("credits charged"), note, ""

    def _yen(self, amount: Decimal) -> str:
        """Return credits in yen; empty where no price is given."""
        return "" if self.yen_per_credit is None else f"¥{amount * self.yen_per_credit:,.0f}"

    def _local(self, seconds: float) -> datetime:
        return datetime.fromtimestamp(seconds).astimezone(self.zone)

    def _left_out(self) -> str:
        """Return a line for each reason why people of the list were not sent to; opt-outs come first."""
        _, facts, figures = self.gettext, self.ledger.get("input") or {}, self.figures
        listed = [msgspec.convert(one, LeftOut) for one in facts.get("left_out") or ()]
        listed = sorted(listed, key=lambda one: -one.count)[:_MAX_REASONS]
        others = (facts.get("bad") or 0) + (facts.get("repeated") or 0) - sum(one.count for one in listed)
        rows = (
            (_("opted out"), figures.opted_out),
            (outcome_reason("contacted", _), figures.contacted),
            *((f"{one.column} {one.reason.render(_)}", one.count) for one in listed),
            (_("other reasons"), others),
        )
        shown = "".join(f"<tr><td>{escape(reason)}</td><td>{count:,}</td></tr>" for reason, count in rows if count > 0)
        table = f"<table>{shown}</table>" if shown else self._soft(_("Nobody."))
        later = figures.opted_out_later
        line = self.ngettext(
            "{count} recipient has opted out after this message.",
            "{count} recipients have opted out after this message.",
            later,
        )
        return table + (self._soft(line.format(count=f"{later:,}")) if later else "")

    def _states(self) -> str:
        states = self.figures.states
        return stacked_bar(
            [Bar(self.gettext(word), states[state], kind) for state, (word, kind) in STATES.items() if states[state]]
        )

    def _progress(self) -> str:
        _, figures = self.gettext, self.figures
        delivered = _("known to be delivered") if figures.known_within else _("delivered")
        lines = ((_("sent"), figures.sent, "main"), (delivered, figures.delivered, "good"))
        return line_chart(lines, figures.total, self.zone)

    def _funnel(self) -> str:
        _, states, total = self.gettext, self.figures.states, self.figures.total
        bars = [
            Bar(_("recipients"), total, "rest"),
            Bar(_("tried"), total - states[State.WAITING] - states[State.SKIPPED], "rest"),
            Bar(_("sent"), self.figures.accepted, "main"),
            Bar(_("delivered"), states[State.DELIVERED], "good"),
        ]
        return bar_chart(bars, total)

    def _latency(self) -> str:
        _, figures, known = self.gettext, self.figures, self.figures.known_within
        note = ""
        if known:
            line = self.ngettext(
                "{count} more is known to be delivered within {time}; no report told when.",
                "{count} more are known to be delivered within {time}; no report told when.",
                known.total(),
            )
            note = self._soft(line.format(count=f"{known.total():,}", time=self._duration(max(known))))
        counts = figures.delivered_within([most for most, _word in _LATENCIES])
        if not any(counts):
            return note
        names = [*(_(word) for _most, word in _LATENCIES), _("over 1 h")]
        half, most = (self._duration(figures.latency_quantile(share) or 0.0) for share in (0.5, 0.95))
        last = max(index for index, count in enumerate(counts) if count)
        shown = bar_chart([Bar(name, count) for name, count in zip(names, counts, strict=True)][: last + 1])
        lead = _("Half within {half}, 95 % within {most}.").format(half=f"<b>{half}</b>", most=f"<b>{most}</b>")
        return f'<p class="lead">{lead}</p>{shown}{note}'

    def _parts(self) -> str:
        figures = self.figures
        rows = []
        for n, count in sorted(figures.parts.items()):
            is_call = self.content.is_call
            word = self.gettext("calls") if is_call else self.ngettext("{n} part", "{n} parts", n).format(n=n)
            cost = format_credits(figures.costs[n], self.ngettext)
            rows.append(Bar(word, count, "main", " · ".join(filter(None, (cost, self._yen(figures.costs[n]))))))
        return bar_chart(rows)

    def _carriers(self) -> str:
        _, failed = self.gettext, Counter[str]()
        for (carrier, state, _error), count in self.figures.failures.items():
            if state in _FAILED:
                failed[carrier] += count
        if not failed:
            return self._soft(_("No failures."))
        rows = []
        for name, count in failed.most_common(_MAX_CARRIERS):
            every = self.figures.by_carrier[name]
            note = _("{share} of {count}").format(share=share(count, every), count=f"{every:,}")
            rows.append(Bar(name or _("not known any more"), count, "bad", note))
        hint = _("By the carrier that a range of numbers was assigned to; ported numbers keep it.")
        return bar_chart(rows) + self._soft(hint)

    def _failures(self) -> str:
        _, reasons = self.gettext, Counter[tuple[State, str]]()
        for (_carrier, state, error), count in self.figures.failures.items():
            if state is not State.SKIPPED:
                reasons[state, error] += count
        if not reasons:
            return self._soft(_("Nothing."))
        most = reasons.most_common(_MAX_REASONS)
        rows = "".join(
            f'<tr><td class="mark"><i class="{STATES[state][1]}"></i></td><td>{escape(_(STATES[state][0]))}<small>'
            f"{escape(outcome_reason(error, _) or _('no reason was given'))}</small></td><td>{count:,}</td></tr>"
            for (state, error), count in most
        )
        if (more := reasons.total() - sum(count for _reason, count in most)) > 0:
            rows += f"<tr><td></td><td>{escape(_('other reasons'))}</td><td>{more:,}</td></tr>"
        return f"<table>{rows}</table>"

    def _foot(self) -> str:
        from xoxzo.cloudpy.common.version import __version__

        now = f"{datetime.now().astimezone(self.zone):{_MINUTE} %Z}"
        made = self.gettext("Made {time} by xoxzo.cloudpy {version}.").format(time=now, version=__version__)
        rest = self.gettext("This page contains no phone number and no message.")
        return f'<footer class="soft">{made} {rest}</footer>'

    def _soft(self, text: str) -> str:
        return f'<p class="soft">{text}</p>'

    def _duration(self, seconds: float) -> str:
        if seconds < 100:
            return self.gettext("{count} s").format(count=f"{seconds:g}")
        if seconds < 6000:
            return self.gettext("{count} min").format(count=f"{seconds / 60:.0f}")
        return self.gettext("{count} h").format(count=f"{seconds / 3600:.1f}")


# Small charts as HTML and SVG, without scripts: they fit a phone and print well.
class Bar(NamedTuple):
    """One bar."""

    name: str
    value: int
    kind: str = "main"
    """Its CSS class."""
    note: str = ""
    """The text after its value; by default its share."""


def bar_chart(rows: Sequence[Bar], total: int | None = None) -> str:
    """Draw a bar for each row, with its share of a total or of all; return an empty text where nothing is to draw."""
    total = total or sum(bar.value for bar in rows)
    if not total:
        return ""
    most = max(bar.value for bar in rows)
    drawn = "".join(
        f'<div class="row"><span class="name">{escape(bar.name)}</span>'
        f'<span class="track"><i class="{bar.kind}" style="width:{100 * bar.value / most:.2f}%"></i></span>'
        f'<span class="value">{bar.value:,}<small>{escape(bar.note) or share(bar.value, total)}</small></span></div>'
        for bar in rows
    )
    return f'<div class="bars">{drawn}</div>'


def stacked_bar(rows: Sequence[Bar]) -> str:
    """Draw one bar that consists of all rows, with a legend; return an empty text where there is nothing to draw."""
    total = sum(bar.value for bar in rows)
    if not total:
        return ""
    pieces = "".join(
        f'<i class="{bar.kind}" style="flex-grow:{bar.value}" title="{escape(bar.name)}: {bar.value:,}"></i>'
        for bar in rows
    )
    legend = "".join(
        f'<li><i class="{bar.kind}"></i><span>{escape(bar.name)}</span><b>{bar.value:,}</b>'
        f"<small>{share(bar.value, total)}</small></li>"
        for bar in rows
    )
    return f'<div class="stack">{pieces}</div><ul class="legend">{legend}</ul>'


def line_chart(series: Sequence[tuple[str, Sequence[float], str]], total: int, zone: ZoneInfo | None = None) -> str:
    """Draw cumulative counts over time; return an empty text where there is nothing to draw.

    Each line has a name, seconds since 1970 in any order, and a CSS class; the first has an area. `total` is the count
    at the top of the chart.
    """
    moments = [(min(times), max(times)) for _, times, _ in series if times]
    if not moments or not total:
        return ""
    first = min(begin for begin, _ in moments)
    span = max(1.0, max(end for _, end in moments) - first)
    drawn = []
    for index, (_, times, kind) in enumerate(series):
        if not times:
            continue
        counts = Counter(min(_POINTS, int((at - first) / span * _POINTS)) for at in times)
        reached = accumulate(counts[step] for step in range(_POINTS + 1))
        line = " ".join(
            f"{step / _POINTS * _WIDTH:.1f},{_HEIGHT - count / total * (_HEIGHT - 4):.1f}"
            for step, count in enumerate(reached)
        )
        if not index:
            drawn.append(f'<polygon class="area {kind}" points="0,{_HEIGHT} {line} {_WIDTH},{_HEIGHT}"/>')
        drawn.append(f'<polyline class="edge {kind}" points="{line}"/>')
    grid = "".join(f'<line x1="0" x2="{_WIDTH}" y1="{y:g}" y2="{y:g}"/>' for y in (0.5, _HEIGHT / 2, _HEIGHT - 0.5))
    form = "%H:%M:%S" if span < 600 else "%H:%M" if span < 86_400 else "%m-%d %H:%M"
    clocks = (datetime.fromtimestamp(first + span * step / 4).astimezone(zone) for step in range(5))
    labels = "".join(f"<span>{clock:{form}}</span>" for clock in clocks)
    named = "".join(f'<li><i class="{kind}"></i><span>{escape(name)}</span></li>' for name, _, kind in series)
    return (
        f'<div class="chart"><div class="heights"><span>{total:,}</span><span>{total // 2:,}</span><span>0</span></div>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(", ".join(name for name, _, _ in series))} over time">'
        f'<g class="grid">{grid}</g>{"".join(drawn)}</svg><div class="clocks">{labels}</div></div>'
        f'<ul class="legend">{named}</ul>'
    )


def share(value: int, total: int) -> str:
    """Return a value's share of a total, as a percentage."""
    part = 100 * value / total
    return f"{part:.0f} %" if part in {0, 100} or 10 <= part <= 90 else f"{part:.1f} %"
