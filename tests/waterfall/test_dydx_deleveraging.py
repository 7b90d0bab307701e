"""dYdX v4 deleveraging by hand: at which price, against whom, and when an offset is refused."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.margin.protocols.dydx_exact import LiquidityTier, Market, Position, Subaccount
from seawall.waterfall.dydx_deleveraging import (
    closing_price,
    deleverage,
    offset,
    offset_at_oracle,
    oracle_value,
)

MARKET = Market(Fraction(100), LiquidityTier(100_000, 500_000))
OTHER = Market(Fraction(10), LiquidityTier(100_000, 500_000))


def holding(quote: int, size: int, beside: int = 0) -> Subaccount:
    """A position at 100 quote quantums per base quantum, and one at 10 beside it."""
    positions = {"A": Position(MARKET, size)}
    if beside:
        positions["B"] = Position(OTHER, beside)
    return Subaccount(quote, positions)


def test_the_offset_is_made_at_the_bankruptcy_price_of_the_lost_account() -> None:
    # Short 10 (-1,000) with 990: ten below zero. It pays 990; the long sells for 990, not 1,000.
    made = offset(holding(990, -10), holding(500, 20), "A", 10)
    assert made.refused is None
    assert made.close_quote == -990
    assert (made.liquidated.quote, made.liquidated.positions["A"].size) == (0, 0)
    assert (made.offsetting.quote, made.offsetting.positions["A"].size) == (1_490, 10)


def test_an_offset_that_leaves_the_counterparty_riskier_is_refused() -> None:
    # Long 20 (+2,000) with -1,990: 10 above zero, 0.1 of its maintenance of 100. Selling 10 at 990
    # leaves 0: riskier than it was, though it keeps a position.
    made = offset(holding(990, -10), holding(-1_990, 20), "A", 10)
    assert made.refused is not None
    assert "do not overlap" in made.refused
    assert made.offsetting == holding(-1_990, 20)
    # With 40 it is at 0.4 before and (30 of 50) 0.6 after.
    assert offset(holding(990, -10), holding(-1_960, 20), "A", 10).refused is None


def test_a_counterparty_that_would_end_below_zero_is_refused() -> None:
    assert offset(holding(990, -10), holding(-991, 10), "A", 10).refused is not None
    assert offset(holding(990, -10), holding(-990, 10), "A", 10).refused is None


@pytest.mark.parametrize("delta", [-10, 0, 11])
def test_only_parts_of_both_positions_are_offset(delta: int) -> None:
    made = offset(holding(990, -10), holding(0, 20), "A", delta)
    assert made.refused is not None
    assert "liquidated position" in made.refused


def test_the_other_side_must_hold_the_other_side() -> None:
    for other in (holding(5_000, -20), holding(0, 5), Subaccount(5)):
        made = offset(holding(990, -10), other, "A", 10)
        assert made.refused is not None
        assert "offsetting position" in made.refused


def test_which_accounts_are_deleveraged_and_at_which_price() -> None:
    assert closing_price(holding(990, -10), final_settlement=False) == "bankruptcy"
    assert closing_price(holding(990, -10), final_settlement=True) == "bankruptcy"
    assert closing_price(holding(1_000, -10), final_settlement=False) is None
    assert closing_price(holding(1_000, -10), final_settlement=True) == "oracle"
    assert oracle_value(holding(0, -10), "A", 10) == -1_000
    assert oracle_value(holding(0, 10), "A", -10) == 1_000


def test_in_final_settlement_a_solvent_account_is_closed_at_the_oracle_price() -> None:
    made = offset_at_oracle(holding(1_500, -10), holding(0, 10), "A", 10)
    assert made.refused is None
    assert (made.close_quote, made.liquidated.quote, made.offsetting.quote) == (-1_000, 500, 1_000)


def test_the_walk_takes_as_much_of_each_as_it_can() -> None:
    others = {
        "same side": holding(9_000, -5),
        "poor": holding(-393, 4),  # 7 above zero, but 4 pieces give up 8
        "first": holding(500, 4),
        "second": holding(500, 20),
    }
    walk = ["poor", "same side", "first", "second"]
    done = deleverage(holding(980, -10), others, walk, "A", final_settlement=False)
    assert done.fills == {"first": 4, "second": 6}
    assert done.remaining == 0
    assert done.liquidated.positions["A"].size == 0
    # 98 a piece.
    assert done.others["first"].quote == 500 + 392
    assert done.others["second"].quote == 500 + 588
    assert done.others["poor"] == others["poor"]


def test_what_nobody_can_offset_remains() -> None:
    done = deleverage(holding(990, -10), {"small": holding(0, 3)}, ["small"], "A", False)
    assert (done.fills, done.remaining) == ({"small": 3}, 7)
    nothing = deleverage(holding(1_990, -10), {"small": holding(0, 3)}, ["small"], "A", False)
    assert (nothing.fills, nothing.remaining) == ({}, 10)
    whole = deleverage(holding(1_990, -10), {"big": holding(0, 30)}, ["big"], "A", True)
    assert (whole.fills, whole.remaining, whole.liquidated.quote) == ({"big": 10}, 0, 990)


@settings(deadline=None)
@given(
    st.integers(-2_000, 2_000),
    st.integers(-30, 30),
    st.integers(-5, 5),
    st.lists(st.tuples(st.integers(-3_000, 3_000), st.integers(-30, 30)), max_size=5),
)
def test_deleveraging_moves_money_and_positions_and_makes_none(
    quote: int, size: int, beside: int, given_others: list[tuple[int, int]]
) -> None:
    account = holding(quote, size, beside)
    others = {str(n): holding(q, s) for n, (q, s) in enumerate(given_others)}
    if size == 0:
        return
    done = deleverage(account, others, list(others), "A", final_settlement=False)
    everyone = [account, *others.values()]
    after = [done.liquidated, *done.others.values()]
    assert sum(a.quote for a in everyone) == sum(a.quote for a in after)
    held = [sum(a.positions["A"].size for a in accounts) for accounts in (everyone, after)]
    assert held[0] == held[1]
    assert done.remaining == -done.liquidated.positions["A"].size
