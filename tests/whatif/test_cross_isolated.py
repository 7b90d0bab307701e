"""Cross against isolated: what portfolio rules save, and what tiered rules share instead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from seawall.casefile import sample_case
from seawall.margin.liquidation_price.search import liquidation_prices
from seawall.margin.rules import net_margin, rules_of
from seawall.margin.view import margin_accounts
from seawall.whatif.cross_isolated import cross_saving, one_by_one
from seawall.whatif.standing import OwnedAccount, desk_accounts, read_rules, standing, standings
from seawall.whatif.venues_table import preset_rulebook


@pytest.fixture(scope="module")
def case():
    return sample_case(crowd=0)


def own_standings(case):
    accounts = desk_accounts(case, None, None)
    rules = read_rules(case, accounts)
    return rules, standings(case, accounts, rules)


def test_a_portfolio_rule_saves_what_the_sum_of_the_parts_asks_more(case) -> None:
    rules = rules_of(preset_rulebook("derive_pmrm_v2"))
    (account,) = margin_accounts(case.book, case.market, rules.rulebook, 1, case.as_of, case.quote)
    one = standing(
        rules, OwnedAccount("harbour/options", "derive_pmrm_v2", account), case.market, "USDC"
    )
    saving = cross_saving(rules, one)
    alone = [float(rules.assess(part).requirement.maintenance) for part in one_by_one(account)]
    assert saving.maintenance_alone == pytest.approx(sum(alone), rel=1e-12)
    # The long put covers part of the short one: together asks less.
    assert saving.saved_maintenance > 0.05 * saving.maintenance_alone
    assert saving.saves_maintenance
    assert saving.same_prices_equity is None


def test_tiers_save_nothing_and_isolated_margin_would_lock_what_the_prices_say(case) -> None:
    rules, found = own_standings(case)
    perps = found[0]
    saving = cross_saving(rules["meridian"], perps)
    assert saving.saved_maintenance == pytest.approx(0.0, abs=1e-6)
    assert not saving.saves_maintenance
    # By hand: give each position alone the equity that keeps its own liquidation price.
    locked = 0.0
    parts = one_by_one(perps.held)
    for part, name in zip(parts, perps.held.perps.names, strict=True):
        own = float(rules["meridian"].assess(part).requirement.maintenance)
        profit = float(rules["meridian"].assess(part).requirement.equity)
        needed = perps.equity - (perps.maintenance - own)
        locked += needed
        funded = replace(part, cash=needed - profit)
        asset = part.perps.underlying[0]
        alone = liquidation_prices(net_margin(rules["meridian"], funded), funded, asset)
        cross = next(t.prices for t in perps.threats if t.prices.asset == asset)
        assert alone.nearest == pytest.approx(cross.nearest, rel=1e-9), name
    assert saving.same_prices_equity == pytest.approx(locked, rel=1e-12)


def test_one_position_or_none_has_nothing_to_save(case) -> None:
    rules, found = own_standings(case)
    assert cross_saving(rules["causeway"], found[2]) is None
    first = replace(found[0], held=one_by_one(found[0].held)[0])
    assert cross_saving(rules["meridian"], first) is None


def test_positions_alone_are_the_account_cut_in_pieces(case) -> None:
    _, found = own_standings(case)
    parts = one_by_one(found[1].held)
    assert [p.options.names for p in parts] == [(n,) for n in found[1].held.options.names]
    amounts = np.concatenate([p.options.amount for p in parts])
    assert np.array_equal(amounts, found[1].held.options.amount)
    assert all(p.cash == 0.0 and not p.balances.assets for p in parts)
