"""The exogenous path behind a market path: worked by hand, and as a fixed point of the loop."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "laws"))

from tiny_cases import Held, Trader, coin, perpetual, perpetuals_venue, tiny_case

from seawall.cascade.draws import Draws
from seawall.cascade.engine import prepare
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.market import Scenario
from seawall.mechanism.knots import Target, target_paths
from seawall.mechanism.steer import Steered, steer
from seawall.scenario.events.event import Knots

DEPTH = 10_000.0


def setup_of(*cash: float, size: float = 10.0, recovery: float = 1e15) -> Setup:
    """Longs of ``size`` BTC entered at 100 with this much cash each; maintenance 1%."""
    traders = [Trader("a", [Held("BTC-PERP", size, 100.0)], {"USD": c}) for c in cash]
    case = tiny_case(
        traders,
        [perpetual("BTC-PERP", "BTC")],
        {"a": perpetuals_venue(("fund",), fund=1e6)},
        {"BTC": coin(100.0, DEPTH)},
        scenario=Scenario(recovery_seconds=recovery),
    )
    return prepare(case)


def through(setup: Setup, knots: Knots, steps: int, paths: int = 1, noise: float = 0.0) -> Target:
    return target_paths(
        {"BTC": knots},
        {"BTC": noise},
        0.5,
        setup.table.assets,
        setup.spot,
        step_seconds=60.0,
        steps=steps,
        paths=paths,
        seed=3,
    )


def steered(setup: Setup, target: Target) -> Steered:
    return steer(setup, target, Draws(3, np.arange(target.price.shape[0])))


def power(x: float) -> float:
    return 1 + x + x**2 / 2 + x**3 / 6 + x**4 / 24


def test_without_a_crowd_near_its_limit_the_market_is_the_exogenous_path() -> None:
    setup = setup_of(900.0)
    target = through(setup, Knots((0.0, 240.0), (100.0, 90.0), "test"), 6, 3, 0.4)
    found = steered(setup, target)
    assert np.array_equal(found.exogenous, target.price)
    assert found.sweeps == 1
    assert found.miss.max() == 0.0


def test_one_liquidation_is_taken_back_by_hand() -> None:
    """A long of 10 is below maintenance at 98 (equity 20 - 20 = 0 < 9.8) and sold at step 2.

    Its 980 over a depth of 10,000 is a flow of 0.098. The wave passes the knot of step 2; at step
    3 the market stands at 98 again, so the exogenous price is 98 x P(0.098) from then on.
    """
    setup = setup_of(20.0)
    target = through(setup, Knots((0.0, 60.0, 120.0, 180.0), (100.0, 99.5, 98.0, 98.0), "t"), 5)
    found = steered(setup, target)
    assert found.exogenous[0, :3, 1] == pytest.approx([100.0, 99.5, 98.0], rel=1e-12)
    assert found.market[0, 2, 1] == pytest.approx(98.0 / power(0.098), rel=1e-9)
    assert found.exogenous[0, 3, 1] == pytest.approx(98.0 * power(0.098), rel=1e-9)
    assert found.market[0, 3, 1] == pytest.approx(98.0, rel=1e-9)
    # After the last knot the exogenous price stands, and so does the displaced market.
    assert found.exogenous[0, 4:, 1] == pytest.approx([found.exogenous[0, 3, 1]] * 2)
    assert found.market[0, 5, 1] == pytest.approx(98.0, rel=1e-9)
    assert (found.passed, found.knots) == (1, 3)


def test_impact_that_recovers_is_followed() -> None:
    """The flow decays by exp(-60 / 120) a step: X falls back towards the market's 98."""
    setup = setup_of(20.0, recovery=120.0)
    knots = Knots((0.0, 60.0, 120.0, 480.0), (100.0, 99.5, 98.0, 98.0), "test")
    found = steered(setup, through(setup, knots, 8))
    for step in range(3, 9):
        left = 0.098 * np.exp(-(step - 2) * 60.0 / 120.0)
        assert found.exogenous[0, step, 1] == pytest.approx(98.0 * power(left), rel=1e-9)
        assert found.market[0, step, 1] == pytest.approx(98.0, rel=1e-9)


def test_a_wave_that_jumps_over_its_knot_passes_it() -> None:
    """The long is sold at once at any price below 98.99; the knot of 98.5 lies within its jump.

    Selling 10 x 98.5 moves the market by 9.4%: no exogenous price ends the step at 98.5, as one
    above 98.99 sells nothing and one below ends under 90.
    """
    setup = setup_of(20.0)
    found = steered(setup, through(setup, Knots((0.0, 60.0), (100.0, 98.5), "test"), 2))
    assert found.passed == 1
    assert found.miss.max() < 1e-12
    assert found.exogenous[0, 1, 1] == pytest.approx(98.5)
    assert found.market[0, 1, 1] == pytest.approx(98.5 / power(0.0985), rel=1e-9)


def crowd() -> Setup:
    cash = np.linspace(15.0, 120.0, 40)
    return setup_of(*(float(c) for c in cash), size=4.0)


KNOTS = Knots((0.0, 600.0, 1200.0, 1800.0), (100.0, 97.0, 90.0, 93.0), "test")


def test_a_crowd_meets_its_knots_and_the_path_found_is_an_ordinary_one() -> None:
    setup = crowd()
    target = through(setup, KNOTS, 40, 4, 0.5)
    found = steered(setup, target)
    assert found.miss.max() < 1e-3
    assert np.all(found.exogenous[:, 20, 1] > 90.5), "nobody's orders had to be taken back"
    tape, _ = run(setup, found.exogenous, draws=Draws(3, np.arange(4)))
    assert np.array_equal(tape.step, found.tape.step)
    assert np.array_equal(tape.notional, found.tape.notional)
    assert np.array_equal(tape.final, found.tape.final)
    unfiltered, _ = run(setup, found.exogenous, filtered=False, draws=Draws(3, np.arange(4)))
    assert np.array_equal(unfiltered.notional, tape.notional)


def test_a_path_depends_on_no_other_path() -> None:
    setup = crowd()
    whole = steered(setup, through(setup, KNOTS, 40, 4, 0.5))
    alone = steered(setup, through(setup, KNOTS, 40, 2, 0.5))
    assert np.array_equal(whole.exogenous[:2], alone.exogenous)
    assert np.array_equal(whole.market[:2], alone.market)


def test_bridges_meet_their_knots_one_step_early_and_spread_between() -> None:
    """Half-way between knots n steps apart the noise has variance sigma^2 n / 4."""
    setup = setup_of(900.0)
    knots = Knots((0.0, 6000.0), (100.0, 80.0), "test")
    target = through(setup, knots, 120, 4000, 0.6)
    price = target.price[:, :, 1]
    assert price[:, 100] == pytest.approx(80.0)
    assert price[:, 99] == pytest.approx(80.0)
    sigma = 0.6 * np.sqrt(60.0 / (365.0 * 86400.0))
    middle = np.log(price[:, 49] / 100.0)
    # The bridge spans 99 steps; step 49 is 49 x 50 / 99 of a step's variance from its ends.
    assert middle.std() == pytest.approx(sigma * np.sqrt(49 * 50 / 99), rel=0.03)
    assert middle.mean() == pytest.approx(np.log(0.8) * 49 / 99, abs=4 * sigma * 5 / np.sqrt(4000))
    free = np.log(price[:, 120] / price[:, 100])
    assert free.std() == pytest.approx(sigma * np.sqrt(20), rel=0.04)
    assert target.last.tolist() == [0, 100]
