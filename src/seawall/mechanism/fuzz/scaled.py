"""L7: the same Case with c times as much of everything that is money or size."""

from __future__ import annotations

from dataclasses import replace

from seawall.case import Case
from seawall.market import Market
from seawall.venues import Rulebook, Tier


def scaled(case: Case, c: float) -> Case:
    """The Case scaled, but for the parameters of mechanisms, whose rules know which are money."""
    book = replace(
        case.book,
        size=case.book.size * c,
        isolated_margin=case.book.isolated_margin * c,
        quantity=case.book.quantity * c,
    )
    rulebooks = {name: _rules(rules, c) for name, rules in case.rulebooks.items()}
    crowds = tuple(replace(spec, total_debt=spec.total_debt * c) for spec in case.crowds)
    return replace(
        case, book=book, market=_market(case.market, c), rulebooks=rulebooks, crowds=crowds
    )


def _market(market: Market, c: float) -> Market:
    assets = {
        name: replace(state, depth=state.depth * c, daily_volume=state.daily_volume * c)
        for name, state in market.assets.items()
    }
    instruments = {
        name: replace(
            state, open_interest=None if state.open_interest is None else state.open_interest * c
        )
        for name, state in market.instruments.items()
    }
    return replace(market, assets=assets, instruments=instruments)


def _rules(rules: Rulebook, c: float) -> Rulebook:
    def tiers(table: tuple[Tier, ...]) -> tuple[Tier, ...]:
        return tuple(replace(tier, lower_bound=tier.lower_bound * c) for tier in table)

    liquidation = replace(
        rules.liquidation,
        partial_above=rules.liquidation.partial_above * c,
        gas=rules.liquidation.gas * c,
    )
    waterfall = replace(
        rules.waterfall, fund=rules.waterfall.fund * c, backstop=rules.waterfall.backstop * c
    )
    margin = rules.option_margin
    return replace(
        rules,
        tiers={name: tiers(table) for name, table in rules.tiers.items()},
        default_tiers=tiers(rules.default_tiers),
        liquidation=liquidation,
        waterfall=waterfall,
        # A margin rate per coin held: twice the coins at half the slope.
        option_margin=None if margin is None else replace(margin, perp_slope=margin.perp_slope / c),
    )
