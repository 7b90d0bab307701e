"""Makers by hand: what they fill, when they fade, when they go and come back, depth in steps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from test_hedgers import PERMANENT, one_coin, pocket
from tiny_cases import paths_of, run_case

from seawall.agents.makers import (
    Maker,
    MakerMemory,
    MakerRule,
    Makers,
    begin_makers,
    compile_makers,
    makers_step,
    profits,
)
from seawall.cascade.engine import prepare
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.impact import linear
from seawall.market import Scenario

# Refill in one step to within 1e-13; 6e-8 of the inventory is unloaded in a step.
AT_ONCE, NEVER = 2.0, 1e9


def rule_of(*makers: Maker, **more: Any) -> MakerRule:
    clocks = {"refill_seconds": AT_ONCE, "rest_seconds": 180.0, "unload_seconds": NEVER}
    return compile_makers(Makers(makers, **{**clocks, **more}), 60.0)


def step_at(
    rule: MakerRule, memory: MakerMemory, price: float, step: int, felt: float = 1.0
) -> float:
    makers_step(rule, memory, np.array([[price]]), np.array([[felt]]), step)
    return float(memory.total[0, 0])


def test_inventory_fades_quotes_in_proportion() -> None:
    # 30 units at 10 of a limit of 2 x 500: 30% used up. Half of the depth is this maker's.
    rule = rule_of(Maker(0.5, 500.0, 2.0, 1.0))
    memory = begin_makers(rule, 1, 1)
    memory.bought[:], memory.spent[:] = -60.0, -600.0
    assert step_at(rule, memory, 10.0, 1) == pytest.approx(0.5 + 0.5 * 0.7, rel=1e-6)
    assert memory.units[0, 0, 0] == pytest.approx(30.0, rel=1e-6)
    assert memory.cash[0, 0] == pytest.approx(-300.0, rel=1e-6)
    assert memory.bought[0, 0] == memory.spent[0, 0] == 0.0


def test_volatility_thins_quotes_and_they_come_back_slowly() -> None:
    # r = 3, thinning 0.5: 1 / (1 + 0.5 x 2) = 1/2 at once; back by 1 - exp(-60/120) of the rest.
    rule = rule_of(Maker(1.0, 1.0, 1.0, 1.0), thinning=0.5, refill_seconds=120.0)
    memory = begin_makers(rule, 1, 1)
    assert step_at(rule, memory, 10.0, 1, felt=3.0) == pytest.approx(0.5, rel=1e-6)
    back = 0.5 + (1.0 - np.exp(-0.5)) * 0.5
    assert step_at(rule, memory, 10.0, 2) == pytest.approx(back, rel=1e-6)


def test_a_loss_sends_a_maker_away_and_its_rest_brings_it_back() -> None:
    # 10 units at 10, limit of loss 20% of 100: at 8 it has lost 20 and goes for three steps. It
    # comes back with 80 of capital left and a limit of 16: at 6.4 it goes again, not at 6.5.
    rule = rule_of(Maker(0.6, 100.0, 1000.0, 0.2), floor=0.02)
    memory = begin_makers(rule, 1, 1)
    memory.bought[:], memory.spent[:] = -10.0 / 0.6, -100.0 / 0.6
    assert step_at(rule, memory, 10.0, 1) == pytest.approx(1.0, abs=3e-3)
    assert step_at(rule, memory, 8.01, 2) == pytest.approx(1.0, abs=3e-3)
    assert step_at(rule, memory, 7.9999, 3) == pytest.approx(0.4, rel=1e-6)
    assert step_at(rule, memory, 7.9999, 4) == pytest.approx(0.4, rel=1e-6)
    assert step_at(rule, memory, 7.9999, 5) == pytest.approx(0.4, rel=1e-6)
    assert step_at(rule, memory, 7.9999, 6) == pytest.approx(1.0, abs=3e-3)
    assert step_at(rule, memory, 6.5, 7) == pytest.approx(1.0, abs=3e-3)
    assert step_at(rule, memory, 6.3999, 8) == pytest.approx(0.4, rel=1e-6)


def test_few_makers_go_in_steps() -> None:
    # Five makers of a fifth each hold 1 unit bought at 100 and lose as the price falls; their
    # limits are 4.5, 9.5, 14.5, 19.5 and 24.5. The floor is what is left of nothing.
    limits = (4.5, 9.5, 14.5, 19.5, 24.5)
    rule = rule_of(
        *(Maker(0.2, 100.0, 1000.0, limit / 100.0) for limit in limits), rest_seconds=1e6
    )
    memory = begin_makers(rule, 1, 1)
    memory.bought[:], memory.spent[:] = -5.0, -500.0
    seen = [step_at(rule, memory, 100.0 - n, n + 1) for n in range(30)]
    gone = [sum(limit <= n for limit in limits) for n in range(30)]
    expected = [max(1.0 - 0.2 * count, 0.02) for count in gone]
    assert seen == pytest.approx(expected, abs=2e-3)


def test_without_capital_left_nobody_comes_back() -> None:
    rule = rule_of(Maker(1.0, 100.0, 1000.0, 1.0), floor=0.05)
    memory = begin_makers(rule, 1, 1)
    memory.bought[:], memory.spent[:] = -10.0, -200.0
    assert step_at(rule, memory, 20.0, 1) == pytest.approx(1.0, abs=3e-3)
    assert [step_at(rule, memory, 5.0, step) for step in range(2, 12)] == [0.05] * 10


def test_inventory_is_passed_on_at_the_market_price() -> None:
    # 1 - exp(-60/60) of 20 units at 12: the profit of 20 x (12 - 10) stays what it is.
    rule = rule_of(Maker(1.0, 1e3, 1000.0, 1.0), unload_seconds=60.0)
    memory = begin_makers(rule, 1, 1)
    memory.bought[:], memory.spent[:] = -20.0, -200.0
    step_at(rule, memory, 12.0, 1)
    assert memory.units[0, 0, 0] == pytest.approx(20.0 * np.exp(-1.0), rel=1e-6)
    assert profits(memory, np.array([[12.0]]))[0, 0] == pytest.approx(40.0, rel=1e-6)


def with_makers(case: Case, *listed: dict[str, float], **more: Any) -> Case:
    slot = {"refill_seconds": 60.0, "rest_seconds": 600.0, "unload_seconds": NEVER, **more}
    mechanisms = {**case.market.mechanisms, "makers": {"makers": list(listed), **slot}}
    return replace(case, market=replace(case.market, mechanisms=mechanisms))


FIRM = {"share": 0.5, "capital": 1e3, "inventory_limit": 2.0, "loss_limit": 0.9}


def test_what_hedgers_sell_makers_buy_and_depth_is_gone_for_the_next() -> None:
    # As in test_hedgers: they sell 250 units at 80. The maker buys half of them, 10,000 quote on
    # a limit of 2,000 that is lost as well: it quotes nothing, and depth is a half. At 60 they sell
    # 1e5 (1/S - 1/100) - 250 units more, with twice the impact.
    case = with_makers(one_coin(pocket(-1e5)), FIRM)
    setup, _, state = run_case(case, paths_of(case, BTC=[100.0, 80.0, 60.0]))
    firms, hedgers = state.market_agents.makers, state.market_agents.hedgers
    assert firms is not None
    assert hedgers is not None
    x = 250.0 * 80.0 / 1e6
    mean = 80.0 * float(linear.average(0.0, -x))
    assert firms.units[0, 0, 1] == pytest.approx(125.0, rel=1e-6)
    assert firms.cash[0, 0] == pytest.approx(-125.0 * mean, rel=1e-6)
    assert firms.total[0, 1] == pytest.approx(0.5, rel=1e-6)
    seen = 60.0 * float(linear.displacement(-x))
    sold = 1e5 * (1.0 / seen - 1.0 / 100.0) - 250.0
    outstanding = x + 2.0 * sold * seen / 1e6
    btc = setup.table.assets.index("BTC")
    falls = 60.0 * float(linear.displacement(-outstanding))
    assert state.market[0, btc] == pytest.approx(falls, rel=1e-6)


def test_makers_and_others_hold_all_that_was_sold() -> None:
    """Units and cash of makers are their share of the book's, trade by trade."""
    full = {**FIRM, "capital": 1e9}
    case = with_makers(one_coin(pocket(-1e5, cost=0.0)), {**full, "share": 0.3}, full)
    rng = np.random.default_rng(5)
    prices = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, (3, 40)), axis=1))
    prices = np.concatenate([np.full((3, 1), 100.0), prices], axis=1)
    # Two more steps without moves: what the last ones brought is filled.
    prices = np.concatenate([prices, prices[:, -1:]], axis=1)
    _, _, state = run_case(case, paths_of(case, BTC=prices))
    firms, book = state.market_agents.makers, state.accounts.assets["book"]
    assert firms is not None
    pending = firms.bought[:, 1]
    units, cash = firms.units[:, :, 1].sum(axis=1), firms.cash.sum(axis=1)
    # 0.8 of the market quotes with capital without end; the others hold the rest.
    np.testing.assert_allclose(units / 0.8 - pending, book[:, 0, 1], rtol=1e-4)
    np.testing.assert_allclose(cash / 0.8 + firms.spent[:, 1], book[:, 0, 0], rtol=1e-4)
    assert np.abs(units).min() > 1.0


def test_two_rules_for_one_depth_are_refused() -> None:
    case = with_makers(one_coin(pocket(0.0)), FIRM)
    depth = {"thinning": 0.5, "refill_seconds": 600.0}
    both = {**case.market.mechanisms, "depth": depth}
    with pytest.raises(InputError, match=r"makers.*depth.* both given"):
        prepare(replace(case, market=replace(case.market, mechanisms=both)))
    thin = replace(case.market, scenario=Scenario(thinning=0.5))
    with pytest.raises(InputError, match=r"makers.*thinning are both given"):
        prepare(replace(case, market=thin))
    with pytest.raises(InputError, match=r"add up to 1\.1"):
        prepare(with_makers(one_coin(pocket(0.0)), FIRM, {**FIRM, "share": 0.6}))


def test_makers_take_part_in_the_depth_that_a_schedule_leaves() -> None:
    """`depth_schedule` multiplies: a fifth of the depth by the clock, half of it by the makers."""
    windows = [{"from_seconds": 0.0, "to_seconds": 1e6, "factor": 0.2}]
    case = with_makers(one_coin(pocket(-1e5), scenario=PERMANENT), {**FIRM, "share": 1e-9})
    mechanisms = {**case.market.mechanisms, "depth_schedule": {"windows": windows}}
    case = replace(case, market=replace(case.market, mechanisms=mechanisms))
    _, _, state = run_case(case, paths_of(case, BTC=[100.0, 80.0]))
    falls = 80.0 * float(linear.displacement(-5.0 * 250.0 * 80.0 / 1e6))
    assert state.market[0, 1] == pytest.approx(falls, rel=1e-6)
