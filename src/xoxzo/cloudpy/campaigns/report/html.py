"""Render a report of a campaign as one HTML page without external resources: figures, charts, failures."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

from xoxzo.cloudpy.campaigns.records import State, outcome_reason, read_reason
from xoxzo.cloudpy.campaigns.report.charts import Bar, bar_chart, line_chart, share, stacked_bar
from xoxzo.cloudpy.campaigns.report.css import STYLE
from xoxzo.cloudpy.campaigns.report.statistics import Statistics
from xoxzo.cloudpy.common.locale import N_, translations

if TYPE_CHECKING:
    from xoxzo.cloudpy.campaigns.content import Content
    from xoxzo.cloudpy.campaigns.ledger import Ledger

STATES = {
    State.DELIVERED: (N_("delivered"), "good"),
    State.SENT: (N_("sent, no final status yet"), "main"),
    State.FAILED: (N_("failed at the carrier"), "bad"),
    State.REJECTED: (N_("rejected by Xoxzo"), "worse"),
    State.UNKNOWN: (N_("unknown: may be sent"), "unknown"),
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
_MAX_CARRIERS = 12
_MAX_FAILURES = 50


def render_report(name: str, content: Content, ledger: Ledger, language: str = "en") -> str:
    """Return the page in ``en`` or ``ja``. It shows no phone number, no message and no id."""
    return _Page(name, content, ledger, language).render()


class _Page:
    """One page, in one language."""

    def __init__(self, name: str, content: Content, ledger: Ledger, language: str) -> None:
        self._name = name
        self._content = content
        self._ledger = ledger
        self._language = language
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
            (self.gettext("What went wrong"), self._failures(), True),
        )
        body = "".join(
            f"<section{' class=wide' if wide else ''}><h2>{escape(title)}</h2>{content}</section>"
            for title, content, wide in sections
        )
        title = self.gettext("{name} · campaign report").format(name=self._name)
        return (
            f'<!doctype html><html lang="{self._language}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>"
            f"{self._head()}{self._cards()}{self._left_out()}"
            f'<div class="sections">{body}</div>{self._foot()}</main></body></html>\n'
        )

    def _head(self) -> str:
        ledger, figures = self._ledger, self._figures
        created = _local(float(ledger.get("created") or 0))
        kind = self.gettext(_KINDS[self._content.kind])
        facts = [
            self.gettext("{kind} from {sender}").format(kind=kind, sender=self._content.sender),
            self.gettext("created {time}").format(time=_day(created)),
        ]
        if figures.sent:
            first, last = (_local(at) for at in (min(figures.sent), max(figures.sent)))
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
        shown = (
            (f"{total:,}", self.gettext("recipients"), "", ""),
            (f"{figures.accepted:,}", self.gettext("sent"), _of(figures.accepted, total), "main"),
            (f"{states[State.DELIVERED]:,}", self.gettext("delivered"), _of(states[State.DELIVERED], total), "good"),
            (f"{failed:,}", self.gettext("failed"), _of(failed, total), "bad" if failed else ""),
            (
                f"{states[State.UNKNOWN]:,}",
                self.gettext("unknown"),
                _of(states[State.UNKNOWN], total),
                "unknown" if states[State.UNKNOWN] else "",
            ),
            self._charged(),
        )
        return (
            '<div class="cards">'
            + "".join(
                f'<div class="card {kind}"><b>{value}</b><span>{escape(word)}</span><small>{escape(more)}</small></div>'
                for value, word, more, kind in shown
            )
            + "</div>"
        )

    def _charged(self) -> tuple[str, str, str, str]:
        charged, estimate = self._figures.charged, f"{self._figures.estimate:,.0f}"
        if charged is None and self._figures.accepted:
            return f"≈ {estimate}", self.gettext("credits estimated"), self.gettext("not known yet what is charged"), ""
        estimated = self.gettext("of {credits} estimated").format(credits=estimate)
        return f"{charged or 0:,.0f}", self.gettext("credits charged"), estimated, ""

    def _left_out(self) -> str:
        facts = self._ledger.get("input") or {}
        bad, repeated = facts.get("bad") or 0, facts.get("repeated") or 0
        bad_line = self.ngettext(
            "{count} row of the list could not be sent to and was left out.",
            "{count} rows of the list could not be sent to and were left out.",
            bad,
        )
        repeated_line = self.ngettext(
            "{count} row repeated a number and was left out.",
            "{count} rows repeated a number and were left out.",
            repeated,
        )
        lines = [escape(line.format(count=f"{n:,}")) for line, n in ((bad_line, bad), (repeated_line, repeated)) if n]
        return f'<p class="note">{" ".join(lines)}</p>' if lines else ""

    def _states(self) -> str:
        states = self._figures.states
        bars = [Bar(self.gettext(word), states[state], kind) for state, (word, kind) in STATES.items() if states[state]]
        return stacked_bar(bars) or self._nothing()

    def _progress(self) -> str:
        figures = self._figures
        delivered = self.gettext("known to be delivered") if figures.known_within else self.gettext("delivered")
        lines = ((self.gettext("sent"), figures.sent, "main"), (delivered, figures.delivered, "good"))
        return line_chart(lines, figures.total) or self._nothing()

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
            cost = self.gettext("{cost} credits").format(cost=f"{figures.costs[n]:,.0f}")
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
        figures = self._figures
        if not figures.failures:
            return f'<p class="soft">{self.gettext("Nothing.")}</p>'
        rows = "".join(
            f'<tr><td><i class="{STATES[state][1]}"></i></td><td>{escape(self.gettext(STATES[state][0]))}<small>'
            f"{escape(outcome_reason(error, self.gettext) or self.gettext(_NO_REASON))}</small></td>"
            f"<td>{escape(carrier or self.gettext(_NO_CARRIER))}</td><td>{count:,}</td></tr>"
            for (carrier, state, error), count in figures.failures.most_common(_MAX_FAILURES)
        )
        heads = (self.gettext("Outcome and reason"), self.gettext("Carrier"), self.gettext("Recipients"))
        head = "".join(f"<th>{escape(word)}</th>" for word in heads)
        return f"<table><tr><th></th>{head}</tr>{rows}</table>"

    def _foot(self) -> str:
        from xoxzo.cloudpy.common.version import __version__

        now = f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}"
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


def _local(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds).astimezone()


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
