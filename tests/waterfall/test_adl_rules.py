"""Seven ADL rules on the same three winners, by hand; then what every rule owes.

A bankrupt account is short 6 contracts at a mark of 100 and lacks 66, 11 for each contract: its
bankruptcy price is 89. Three accounts are long:

             size  entry  value  profit  equity  maintenance (own)   net exposure
    A          11     50   1100     550    2200        50   (50)     1100
    B           4     80    400      80     100        60   (20)      100 (short 300 elsewhere)
    C           5     94    500      30     100        25   (25)      500
"""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.waterfall.adl_queue import ProfitLeverageQueue
from seawall.waterfall.adl_rules import ADL_RULES, take
from seawall.waterfall.deleverage import HyperliquidRanking
from seawall.waterfall.pool_flag import PoolFlag, excess
from seawall.waterfall.pro_rata_contracts import ProRataContracts
from seawall.waterfall.pro_rata_profit import ProRataProfit
from seawall.waterfall.random_counterparty import RandomCounterparty
from seawall.waterfall.risk_aware import RiskAware, fill_to_level
from seawall.waterfall.winners import EQUITY, Need, Winners, close_prices

Floats = NDArray[np.float64]


def a(*values: float) -> Floats:
    return np.array(values, dtype=float)


THREE = Winners(
    size=a(11, 4, 5),
    available=a(11, 4, 5),
    mark=a(100, 100, 100),
    entry=a(50, 80, 94),
    value=a(1100, 400, 500),
    cost=a(550, 320, 470),
    profit=a(550, 80, 30),
    equity=a(2200, 100, 100),
    maintenance=a(50, 60, 25),
    own_maintenance=a(50, 20, 25),
    exposure=a(1100, 100, 500),
)
# The walk of the random rule starts at B: floor(0.4 x 3) = 1.
LACK = Need(size=6.0, deficit=66.0, start=0.4)
POOL = PoolFlag(pool=1000.0, max_factor=0.5, min_factor=0.2)

# Contracts closed and quote given up by A, B and C.
BY_HAND = {
    # mark/entry x value/equity: A 2 x 0.5 = 1, B 1.25 x 4 = 5, C 1.064 x 5 = 5.3: C, then B.
    HyperliquidRanking(): (a(0, 1, 5), a(0, 11, 55)),
    # profit/cost x value/equity: A 1 x 0.5 = 0.5, B 0.25 x 4 = 1, C 0.064 x 5 = 0.32: B, then A.
    ProfitLeverageQueue(): (a(2, 4, 0), a(22, 44, 0)),
    # From B on. B whole: equity 100 - 44 = 56, maintenance 60 - 20 = 40; 56/40 = 1.4 is below 5/3
    # and below 100/60 = 1.67: refused. C whole: 100 - 55 = 45, maintenance 0: taken. Then A.
    RandomCounterparty(): (a(1, 0, 5), a(11, 0, 55)),
    # 6 of 20 contracts: 30% of each.
    ProRataContracts(): (a(3.3, 1.2, 1.5), a(36.3, 13.2, 16.5)),
    # 66 of 660 of profit: 10% of each, whatever the contracts.
    ProRataProfit(): (a(3.3, 1.2, 1.5), a(55, 8, 3)),
    # Leverage A 0.5, B 1, C 5. Contracts down to L: A 11 - 22 L, B 1 - L, C 5 - L; 17 - 24 L = 6
    # at L = 11/24.
    RiskAware(): (a(22 / 24, 13 / 24, 109 / 24), a(11 * 22 / 24, 11 * 13 / 24, 11 * 109 / 24)),
    # 660 of profit > 0.5 x 1000: x = (660 - 0.2 x 1000) / (1 - 0.2) = 575 is paid out: A's 550
    # and 25 of B's 80, 1.25 contracts. Left: 85 / (1000 - 575) = 0.2. Nobody gives up anything.
    POOL: (a(11, 1.25, 0), a(0, 0, 0)),
}


@pytest.mark.parametrize("rule", BY_HAND, ids=lambda rule: type(rule).__name__)
def test_each_rule_by_hand(rule: object) -> None:
    taken, (size, haircut) = take(rule, THREE, LACK), BY_HAND[rule]
    assert taken.size == pytest.approx(size, abs=1e-12)
    assert taken.haircut == pytest.approx(haircut, abs=1e-12)


def test_no_two_rules_agree_on_the_three_accounts() -> None:
    assert {type(rule) for rule in BY_HAND} == set(ADL_RULES.values())
    answers = [np.round(np.concatenate(BY_HAND[rule]), 6).tobytes() for rule in BY_HAND]
    assert len(set(answers)) == 7


def test_prices_of_holders() -> None:
    """Contract rules: 89 for all. Profit: A 100 - 55/3.3, B 100 - 8/1.2, C 100 - 3/1.5."""
    queue = close_prices(THREE, take(ProfitLeverageQueue(), THREE, LACK))
    assert queue == pytest.approx([89, 89, 100])
    profit = close_prices(THREE, take(ProRataProfit(), THREE, LACK))
    assert profit == pytest.approx([100 - 55 / 3.3, 100 - 8 / 1.2, 98])
    short = replace(THREE, size=-THREE.size)
    assert close_prices(short, take(ProRataContracts(), short, LACK)) == pytest.approx([111] * 3)


def test_profits_that_cannot_bear_the_deficit_leave_the_rest_unpaid() -> None:
    """Profits are 660 in all; C's equity of 20 bears no more than that."""
    poor = replace(THREE, equity=a(2200, 100, 20))
    assert take(ProRataProfit(), poor, Need(20.0, 1000.0)).haircut == pytest.approx([550, 80, 20])


def test_the_pool_flag_waits_for_its_factor_and_takes_no_more_than_the_profit() -> None:
    rule = PoolFlag(pool=1000.0, max_factor=0.5, min_factor=0.2)
    assert excess(rule, 500.0, 1000.0) == 0.0  # at the factor, not above it
    assert excess(rule, 600.0, 1000.0) == pytest.approx(500.0)
    assert excess(rule, 600.0, 0.0) == 600.0
    assert excess(rule, 600.0, -50.0) == 600.0
    assert excess(rule, -1.0, -50.0) == 0.0
    with pytest.raises(InputError, match=r"min_factor is 0\.9"):
        PoolFlag(pool=1.0, max_factor=0.5, min_factor=0.9)


def test_hedged_and_low_leverage_accounts_are_cut_last() -> None:
    """Net short -100 of equity 100 (a hedge): untouched until the others are used up."""
    exposure, equity, each = a(-100, 300, 400), a(100, 100, 100), a(100, 100, 100)
    assert fill_to_level(exposure, equity, each, a(2, 3, 4), 5.0) == pytest.approx([0, 2, 3])
    assert fill_to_level(exposure, equity, each, a(2, 3, 4), 8.0) == pytest.approx([1, 3, 4])
    assert fill_to_level(exposure, equity, each, a(2, 3, 4), 90.0).tolist() == [2, 3, 4]


def drawn(seed: int, count: int) -> tuple[Winners, Need]:
    """Random holders of one side; some without equity, some losing, some hedged."""
    rng = np.random.default_rng(seed)
    side = float(rng.choice([-1.0, 1.0]))
    held, mark = rng.lognormal(0, 1.5, count), float(rng.uniform(1, 1e5))
    entry = mark * rng.uniform(0.5, 1.5, count)
    equity = held * mark * rng.uniform(-0.1, 2.0, count)
    own = 0.03 * held * mark
    holders = Winners(
        size=side * held,
        available=np.where(equity > 0, held, 0.0),
        mark=np.full(count, mark),
        entry=entry,
        value=held * mark,
        cost=held * entry,
        profit=side * held * (mark - entry),
        equity=equity,
        maintenance=own * rng.uniform(1.0, 2.0, count),
        own_maintenance=own,
        exposure=held * mark * rng.uniform(-0.5, 1.5, count),
    )
    size = float(held.sum() * rng.uniform(0.01, 1.3))
    return holders, Need(size, size * mark * float(rng.uniform(0, 0.2)), float(rng.random()))


def rules(pool: float) -> list[object]:
    return [cls(pool=pool) if cls is PoolFlag else cls() for cls in ADL_RULES.values()]


cases = given(st.integers(0, 2**32 - 1), st.integers(1, 9))


@cases
def test_nobody_gives_more_than_there_is_and_each_dollar_once(seed: int, count: int) -> None:
    winners, need = drawn(seed, count)
    for rule in rules(float(winners.value.sum())):
        taken = take(rule, winners, need)
        assert np.all(taken.size >= 0) and np.all(taken.size <= winners.available * (1 + 1e-12))
        assert np.all(taken.haircut >= 0)
        if isinstance(rule, PoolFlag):
            continue  # it pays profit out, whatever is needed
        total = float(taken.size.sum())
        assert total <= need.size * (1 + 1e-12)
        possible = min(need.size, float(winners.available.sum()))
        if not isinstance(rule, RandomCounterparty):  # which may refuse
            assert total == pytest.approx(possible, rel=1e-9)
        owed = need.deficit * total / need.size
        assert float(taken.haircut.sum()) <= owed * (1 + 1e-9) + 1e-12
        if rule.SPACE == EQUITY:  # type: ignore[attr-defined]
            bearable = np.clip(winners.profit, 0, np.maximum(winners.equity, 0))
            assert np.all(taken.haircut <= bearable * (1 + 1e-12))
            assert taken.haircut.sum() == pytest.approx(min(owed, bearable.sum()), rel=1e-9)
        else:
            assert taken.haircut.sum() == pytest.approx(owed, rel=1e-9, abs=1e-12)


def permuted(winners: Winners, order: NDArray[np.int64]) -> Winners:
    return Winners(*(getattr(winners, field.name)[order] for field in fields(Winners)))


@cases
def test_the_order_of_the_table_does_not_matter_but_to_the_walk(seed: int, count: int) -> None:
    winners, need = drawn(seed, count)
    order = np.random.default_rng(seed + 1).permutation(count)
    for rule in rules(float(winners.value.sum())):
        if isinstance(rule, RandomCounterparty):
            continue
        one, other = take(rule, winners, need), take(rule, permuted(winners, order), need)
        scale = need.size * 1e-9
        assert other.size == pytest.approx(one.size[order], rel=1e-9, abs=scale)
        assert other.haircut == pytest.approx(
            one.haircut[order], rel=1e-9, abs=1e-9 * max(need.deficit, 1e-9)
        )


@cases
def test_turning_the_table_turns_the_walk(seed: int, count: int) -> None:
    """The walk that starts k accounts later over a table turned by k is the same walk."""
    winners, need = drawn(seed, count)
    one = take(RandomCounterparty(), winners, replace(need, start=0.0))
    turned = permuted(winners, np.roll(np.arange(count), 1))
    other = take(RandomCounterparty(), turned, replace(need, start=1.5 / count if count > 1 else 0))
    assert np.array_equal(other.size, np.roll(one.size, 1))


@cases
def test_a_larger_need_never_takes_less_of_anybody(seed: int, count: int) -> None:
    """Not of the walk: a larger offset may be refused where a smaller one is not."""
    winners, need = drawn(seed, count)
    more = Need(need.size * 1.4, need.deficit * 1.4, need.start)
    for rule in rules(float(winners.value.sum())):
        if isinstance(rule, RandomCounterparty):
            continue
        least, most = take(rule, winners, need), take(rule, winners, more)
        assert np.all(most.size >= least.size - 1e-9 * need.size)


@cases
def test_the_level_of_the_risk_aware_rule_is_the_lowest_possible(seed: int, count: int) -> None:
    """Nobody who was cut ends below anybody who could have been cut more."""
    winners, need = drawn(seed, count)
    taken = take(RiskAware(), winners, need).size
    able = (winners.available > 0) & (winners.equity > 0)
    each = winners.value / np.abs(winners.size)
    after = (winners.exposure - taken * each)[able] / winners.equity[able]
    cut = taken[able] > 1e-9 * need.size
    open_to_more = taken[able] < winners.available[able] * (1 - 1e-9)
    if cut.any() and open_to_more.any():
        assert after[cut].min() >= after[open_to_more].max() - 1e-6 * (1 + abs(after).max())


def test_nobody_there() -> None:
    nobody = Winners(*(a() for _ in fields(Winners)))
    for rule in rules(1.0):
        assert take(rule, nobody, LACK).size.size == 0
