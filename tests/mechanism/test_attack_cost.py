"""The cost of moving a price against closed forms: Kyle's law, a held price, a pool."""

from __future__ import annotations

import math

import numpy as np
import pytest

from seawall.impact.amm import Amm
from seawall.impact.law import ImpactLaw, named_law, slot_law
from seawall.mechanism.attack.cost import (
    ThinMarket,
    cost_of,
    flow_for,
    held_flow,
    move_and_hold,
    quote_between,
    sold_at_once,
    sold_slowly,
    units_between,
)

LINEAR = named_law("linear")


def market(law: ImpactLaw = LINEAR, tau: float = 600.0, stays: float = 0.0) -> ThinMarket:
    return ThinMarket(1e6, 50.0, law, 1.0, tau, stays)


@pytest.mark.parametrize("r", [0.0, 0.1, 1.0, 1.5])
@pytest.mark.parametrize("b", [-0.2, 0.01, 0.2])
def test_a_held_price_under_linear_impact(b: float, r: float) -> None:
    """D = exp up to |b|^5 / 120, 3e-6 at 0.2; the costs are about b^2 of the depth."""
    thin = market()
    moved = move_and_hold(thin, math.exp(b), r * 600.0)
    assert moved is not None
    at_once = 1e6 * (r * b - math.log(1.0 + r * b * math.exp(-b)))
    slowly = 1e6 * (b - 1.0 + math.exp(-b) + r * b * (1.0 - math.exp(-b)))
    room = 1e6 * 1e-4 * (b * (1.0 + r)) ** 2 + 1e-3
    assert moved.paid - sold_at_once(thin, moved) == pytest.approx(at_once, abs=room)
    assert moved.paid - sold_slowly(thin, moved) == pytest.approx(slowly, abs=room)
    assert cost_of(thin, moved) == pytest.approx(min(at_once, slowly), abs=room)


def test_small_moves_cost_their_square() -> None:
    """About depth b^2 (r + r^2 / 2), whichever sign: twice the move, four times the cost."""
    thin, r = market(), 0.5
    for b in (0.001, -0.001):
        one, two = (move_and_hold(thin, math.exp(x), r * 600.0) for x in (b, 2 * b))
        assert one is not None and two is not None
        assert cost_of(thin, one) == pytest.approx(1e6 * b * b * (r + r * r / 2), rel=5e-3)
        assert cost_of(thin, two) == pytest.approx(4.0 * cost_of(thin, one), rel=5e-3)


@pytest.mark.parametrize("factor", [0.25, 0.9, 1.1, 4.0])
def test_a_pool_moves_by_its_own_formula(factor: float) -> None:
    """Reserves Y = 2e6, X = 4e4: quote Y (sqrt f - 1) goes in, units X (1 - 1 / sqrt f) out."""
    pool = market(slot_law(Amm(0.0)))
    moved = move_and_hold(pool, factor, 0.0)
    assert moved is not None
    root = math.sqrt(factor)
    assert moved.units == pytest.approx(4e4 * (1.0 - 1.0 / root), rel=1e-6)
    assert moved.paid == pytest.approx(2e6 * (root - 1.0), rel=1e-6)
    # Straight back: no fee, no cost.
    assert moved.paid - sold_at_once(pool, moved) == pytest.approx(0.0, abs=1.0)


def test_a_pool_takes_its_fee_twice() -> None:
    """30 bp of the quote that goes in, and of what comes out."""
    pool = market(slot_law(Amm(0.003)))
    moved = move_and_hold(pool, 1.21, 0.0)
    assert moved is not None
    # sqrt 1.21 = 1.1: 2e5 in, and the same out.
    assert moved.paid == pytest.approx(2e5 * 1.003, rel=1e-6)
    assert sold_at_once(pool, moved) == pytest.approx(2e5 * 0.997, rel=1e-6)


def test_holding_costs_less_where_impact_stays() -> None:
    """h = (1 - p) b (1 - exp(-p r)) / p; nothing where all of it stays; b r where none does."""
    assert held_flow(market(stays=1.0), 0.1, 600.0) == 0.0
    assert held_flow(market(), 0.1, 1_800.0) == pytest.approx(0.3)
    found = held_flow(market(stays=0.25), 0.1, 1_200.0)
    assert found == pytest.approx(0.75 * 0.1 * (1.0 - math.exp(-0.5)) / 0.25)
    # And by small steps: what decays is bought anew.
    temporary, bought, steps = 0.075, 0.0, 100_000
    for _ in range(steps):
        lost = temporary * (1.0 - math.exp(-1_200.0 / 600.0 / steps))
        temporary += 0.75 * lost - lost
        bought += lost
    assert found == pytest.approx(bought, rel=1e-4)


def test_no_flow_moves_a_price_beyond_the_widest() -> None:
    assert flow_for(market(), 1.0) == 0.0
    assert flow_for(market(slot_law(Amm(0.0))), 1e12) is None


@pytest.mark.parametrize("law", [LINEAR, named_law("square_root"), slot_law(Amm(0.0))])
def test_all_permanent_impact_is_free_to_walk(law: ImpactLaw) -> None:
    """Path independence (Huberman and Stanzl): there and back costs nothing, for any law."""
    thin = market(law, stays=1.0)
    moved = move_and_hold(thin, 1.3, 3_600.0)
    assert moved is not None
    assert cost_of(thin, moved) == pytest.approx(0.0, abs=1e-5 * moved.paid)


def test_integrals_are_those_of_the_loop_in_small_orders() -> None:
    """The loop's trades: flow = units x price before, paid at the mean price of its walk."""
    from seawall.impact import law as laws

    thin, orders = market(), 20_000
    b = np.linspace(0.0, 0.3, orders + 1)
    at = laws.displacement(LINEAR, 1.0, b[:-1])
    units = thin.depth * np.diff(b) / (thin.spot * at)
    paid = float(np.sum(units * thin.spot * laws.average(LINEAR, 1.0, b[:-1], b[1:])))
    assert paid == pytest.approx(quote_between(thin, 0.0, 0.3), rel=1e-5)
    assert units.sum() == pytest.approx(units_between(thin, 0.0, 0.3), rel=1e-5)
