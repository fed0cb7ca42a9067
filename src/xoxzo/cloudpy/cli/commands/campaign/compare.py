"""`xoxzo campaign compare`: two messages beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xoxzo.cloudpy.campaigns import compare as compare_campaigns
from xoxzo.cloudpy.campaigns.report.compare import MEASURES
from xoxzo.cloudpy.cli.commands.campaign.options import campaign_names, errors_as_exit, json_option, open_campaign
from xoxzo.cloudpy.cli.commands.campaign.render import ENDED, STATES, write_json
from xoxzo.cloudpy.cli.core.click_base import Command, examples
from xoxzo.cloudpy.cli.core.i18n import _, ngettext
from xoxzo.cloudpy.cli.core.output.terminal import pad, visible, width
from xoxzo.cloudpy.cli.core.output.values import format_credits

if TYPE_CHECKING:
    from xoxzo.cloudpy.campaigns import Comparison, Difference

_LEAST_WIDTH = 14


@click.command(
    cls=Command,
    epilog=examples(
        'xoxzo campaign run customers.csv --split 1/2 --text "今だけ 2 割引" --sender Shop --track-link',
        'xoxzo campaign run customers.csv --split 2/2 --text "20% OFF" --sender Shop --track-link',
        "xoxzo campaign compare customers-1of2 customers-2of2",
    ),
)
@click.argument("first", metavar="A", shell_complete=campaign_names)
@click.argument("second", metavar="B", shell_complete=campaign_names)
@json_option()
def compare(first: str, second: str, *, machine: bool) -> None:
    """Compare two campaigns: delivered, clicked, opted out, cost.

    For each measure it says whether the difference is more than chance. `--split` of `run` and `create` makes random
    halves of one list. Clicks are known from callbacks and from `settle --statuses`.
    """
    with errors_as_exit("compare"), open_campaign(first) as one, open_campaign(second) as other:
        if first == second:
            raise click.UsageError(_("Give two campaigns that differ."))
        found = compare_campaigns(one, other)
        going_on = [(each.name, each.state) for each in (one, other) if each.state not in ENDED]
    if machine:
        differences = [
            {name: getattr(difference, name) for name in (*difference.__struct_fields__, "is_more_than_chance")}
            for difference in found.differences
        ]
        variants = [{name: getattr(part, name) for name in part.__struct_fields__} for part in found.variants]
        write_json(variants=variants, differences=differences, is_random=found.is_random)
        return
    _show_table(found)
    for difference in found.differences:
        click.echo(_sentence(difference, found))
    undecided = sum(part.open for part in found.variants)
    if undecided:
        line = ngettext(
            "{count} message has no final status yet: this may change.",
            "{count} messages have no final status yet: this may change.",
            undecided,
        )
        click.echo(line.format(count=f"{undecided:,}"))
    for name, state in going_on:
        click.echo(_("{name} is {state}: this may change.").format(name=visible(name), state=_(STATES[state])))
    if not found.is_random:
        click.echo(_("These are not random parts of one list (--split): the lists themselves may make the difference."))


def _show_table(found: Comparison) -> None:
    rows = [["", *(visible(part.name) for part in found.variants)]]
    rows.append([_("sent"), *(f"{part.sent:,}" for part in found.variants)])
    for difference in found.differences:
        shares = (f"{100 * share:.1f} %" for share in difference.shares)
        rows.append([_(MEASURES[difference.measure]), *shares])
    rows.append([_("cost"), *(format_credits(part.cost) for part in found.variants)])
    widths = [max(_LEAST_WIDTH, *(width(row[column]) for row in rows)) for column in range(3)]
    for row in rows:
        cells = (" " * (wide - width(cell)) + cell for cell, wide in zip(row[1:], widths[1:], strict=True))
        click.echo(f"{pad(row[0], widths[0])} {'  '.join(cells)}".rstrip())


def _sentence(difference: Difference, found: Comparison) -> str:
    fields = {
        "measure": _(MEASURES[difference.measure]),
        "low": f"{100 * difference.low:+.1f}",
        "high": f"{100 * difference.high:+.1f}",
        "p": f"{difference.p_value:.3f}" if difference.p_value >= 0.001 else "< 0.001",
    }
    if not difference.is_more_than_chance:
        sentence = _("{measure}: the difference may be chance: {low} to {high} points (p = {p})")
        return sentence.format(**fields)
    better = found.variants[difference.shares[1] > difference.shares[0]].name
    sentence = _("{measure}: more for {name}, and that is more than chance: {low} to {high} points (p = {p})")
    return sentence.format(**fields, name=visible(better))
