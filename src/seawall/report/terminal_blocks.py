"""Which sections the terminal page has, in which order, and which of them one screen leaves out.

The order is that of a morning: what breaks and why, what the limits say, what to do, what changed;
then who pays, how much is closed with it, how to get out; then the tables behind it all.

A section with a short form has it on the page of one screen. One without is left out there, unless
it was asked for, or a limit is on a number that it alone prints (decision 037).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from seawall.report import sections
from seawall.report.alerts_section import alerts
from seawall.report.columns import Line
from seawall.report.counterparty_section import counterparty
from seawall.report.drawn_section import fan, liquidation_map, liquidation_map_in_short, pnl_grid
from seawall.report.findings import Result
from seawall.report.limits_section import limits, limits_in_short
from seawall.report.pays_section import amplification, who_pays, who_pays_in_short
from seawall.report.remedy_section import remedies, remedies_in_short
from seawall.report.since_section import since_last
from seawall.report.split_section import split
from seawall.report.tail_section import (
    protocol_at_risk,
    protocol_at_risk_in_short,
    tail,
    tail_in_short,
)

Section = Callable[[Result, int], list[Line]]
FEW = 5
WIDE = 100
TAIL = ("var_95", "var_975", "var_99", "es_95", "es_975", "es_99")


def never(result: Result) -> bool:
    """A section that nothing but a limit on its numbers brings to the short page."""
    del result
    return False


def always(result: Result) -> bool:
    """A section of every page."""
    del result
    return True


def no_desk(result: Result) -> bool:
    """Whoever asks without a desk asks about a protocol."""
    return not str(result["headline"]).startswith("desk:")


def failures(result: Result) -> bool:
    """The Case states who may fail, or each venue's failure was asked for."""
    block = result.get("counterparty") or {}
    return block.get("expected_loss") is not None or bool(block.get("remove_one"))


@dataclass(frozen=True)
class Block:
    """One section: its name where it is left out, its whole form and its form on one screen.

    stays     whether it is on the short page without a limit on its numbers
    measures  measures of limits of which it alone shows the number
    paths     the same for limits on a path of the JSON: how the path begins
    """

    name: str
    whole: Section
    short: Section
    stays: Callable[[Result], bool] = always
    measures: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    def on_short(self, result: Result) -> bool:
        """Whether the page of one screen has it."""
        return self.stays(result) or any(
            limit["measure"] in self.measures
            or str(limit.get("number") or "").startswith(self.paths or ("\0",))
            for limit in result["limits"]
        )


def _warnings(result: Result, width: int) -> list[Line]:
    return sections.warnings(result, width, FEW)


def _first_to_break(result: Result, width: int) -> list[Line]:
    return sections.first_to_break(result, width, FEW)


def _concentration(result: Result, width: int) -> list[Line]:
    return sections.concentration(result, width, FEW)


BLOCKS = (
    Block("warnings", sections.warnings, _warnings),
    Block("first to break", sections.first_to_break, _first_to_break),
    Block("DRE by horizon", sections.horizons, sections.horizons_in_short),
    Block("parts by leg", split, split),
    Block("limits", limits, limits_in_short),
    Block("alerts", alerts, alerts),
    Block("remedies", remedies, remedies_in_short),
    Block("what changed", since_last, since_last),
    Block("who pays", who_pays, who_pays_in_short),
    Block(
        "protocol at risk",
        protocol_at_risk,
        protocol_at_risk_in_short,
        no_desk,
        paths=("system.value_at_risk", "system.liquidations_at_risk"),
    ),
    Block("liquidation map", liquidation_map, liquidation_map_in_short),
    Block("amplification", amplification, amplification, never, paths=("system.amplification",)),
    Block("price fan", fan, fan, never, paths=("fan",)),
    Block("concentration", sections.concentration, _concentration),
    Block("P&L grid", pnl_grid, pnl_grid, never, paths=("pnl_grid",)),
    Block("tail", tail, tail_in_short, never, measures=TAIL, paths=("tail",)),
    Block("counterparties", counterparty, counterparty, failures, paths=("counterparty",)),
)


def every_section(result: Result, width: int) -> Iterator[list[Line]]:
    """The lines of each section that has something to say, whole."""
    yield from (lines for block in BLOCKS if (lines := block.whole(result, width)))


def short_sections(result: Result, width: int) -> Iterator[list[Line]]:
    """The lines of each section of the page of one screen."""
    yield from (
        lines
        for block in BLOCKS
        if block.on_short(result) and (lines := block.short(result, width))
    )


def left_out(result: Result) -> list[str]:
    """The names of the sections that have something to say and are not on the short page."""
    return [b.name for b in BLOCKS if not b.on_short(result) and b.whole(result, WIDE)]
