"""Insurance funds of all venues, compiled: what refills them; what they do is in fund.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.table import Chosen, chosen
from seawall.margin.table.margin_table import MarginTable, RowKind
from seawall.market import Market
from seawall.venues import Rulebook
from seawall.waterfall.insurance import InsuranceFund, income

SLOT = "fund"


@dataclass(frozen=True)
class FundRules:
    """By venue (v,): what fills the slot, income per step in quote, and the first margin account,
    under which income stands on the tape: no number where the venue has no accounts.
    """

    rules: tuple[InsuranceFund | None, ...]
    income: Floats
    first: tuple[Ints, ...]


def compile_funds(
    mechanisms: Sequence[Chosen],
    rulebooks: Sequence[Rulebook],
    table: MarginTable,
    market: Market,
    step_seconds: float,
) -> FundRules | None:
    """None where no venue has the slot.

    Raises InputError where a share of a volume without end would flow in.
    """
    rules = tuple(chosen(slots, SLOT, InsuranceFund) for slots in mechanisms)
    if all(rule is None for rule in rules):
        return None
    rows, options = table.rows, table.options
    traded, venue = rows.kind != RowKind.BALANCE, table.units.venue
    each = np.zeros(len(rules))
    for v, rule in enumerate(rules):
        if rule is None:
            continue
        held = np.zeros(len(table.assets), dtype=bool)
        held[rows.asset[traded & (venue[rows.unit] == v)]] = True
        held[options.asset[options.venue == v]] = True
        volume = 0.0
        for k in np.flatnonzero(held):
            volume += market.assets[table.assets[k]].daily_volume
        each[v] = income(rule, rulebooks[v].taker_fee, volume, step_seconds)
    first = tuple(np.flatnonzero(venue == v)[:1] for v in range(len(rules)))
    return FundRules(rules, each, first)
