"""A crowd is fitted back from the liquidations that the engine made of it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

sys.path.append(str(Path(__file__).resolve().parents[1] / "laws"))

from tiny_cases import coin, perpetual, perpetuals_venue, tiny_case

from seawall.cascade.engine import BASE, Runs, draw, prepare
from seawall.cascade.reference import run
from seawall.cascade.tape import FORCED
from seawall.crowd.calibrate import Margins, Windows, fit_crowd, liquidated_share, windows_of
from seawall.crowd.spec import CrowdSpec, LeverageMix
from seawall.foundation.errors import InputError
from seawall.market.state import InstrumentState
from seawall.venues import Tier

Floats = NDArray[np.float64]
MARGINS = Margins(maintenance=0.01, largest_leverage=50.0 / 1.1)
INTEREST = 1e6
DAY = 86_400
STEP = 900


def test_a_long_is_liquidated_where_its_equity_meets_maintenance() -> None:
    """All at leverage 10, maintenance 1%: equity 0.1 - y meets 0.01 (1 - y) at y = 0.0909...;
    short: 0.1 - z = 0.01 (1 + z) at z = 0.0891...
    """
    y, z = 0.09 / 0.99, 0.09 / 1.01
    around = np.array([0.999, 1.001])
    long = liquidated_share(y * around, 1.0, 10.0, 1e-4, MARGINS)
    short = liquidated_share(z * around, -1.0, 10.0, 1e-4, MARGINS)
    np.testing.assert_allclose(long, [0.0, 1.0], atol=1e-6)
    np.testing.assert_allclose(short, [0.0, 1.0], atol=1e-6)


def test_nobody_is_nearer_than_the_largest_leverage() -> None:
    nearest = (1.1 / 50.0 - 0.01) / 0.99
    found = liquidated_share(
        np.array([0.0, 0.99 * nearest, 1.01 * nearest]), 1.0, 45.0, 1.0, MARGINS
    )
    assert found[0] == found[1] == 0.0
    # Half of all want more than the largest, and stand there together.
    assert found[2] == pytest.approx(0.5, abs=0.02)


def simulated(windows: int, median: float, log_sd: float, size_log_sd: float) -> tuple[Floats, ...]:
    """Times and prices of all steps; times, sides and notionals of liquidations: a crowd a day."""
    price_of_day, rows = [], []
    for day in range(windows):
        mix = LeverageMix(median, log_sd)
        spec = CrowdSpec("v", 400, 1_000 + day, {"base": mix}, size_log_sd=size_log_sd)
        case = tiny_case(
            [],
            [perpetual("X-PERP", "X")],
            {"v": perpetuals_venue(("fund",), fund=1e12, tiers=(Tier(0.0, 50.0, 0.01),))},
            {"X": coin(1.0, volatility=1.5)},
            states={"X-PERP": InstrumentState(open_interest=INTEREST)},
            step_seconds=STEP,
            crowds=(spec,),
        )
        setup = prepare(case)
        runs = Runs(np.array([day]), np.array([0]))
        paths = draw(setup, (BASE,), runs, DAY // STEP - 1, 5)
        tape, _ = run(setup, paths)
        price_of_day.append(paths[0, :, setup.table.assets.index("X")])
        size = np.zeros(setup.table.units.account.size)
        table = setup.table.rows
        np.add.at(size, table.unit, np.where(table.kind == 0, table.size, 0.0))
        forced = np.isin(tape.kind, FORCED)
        for step, unit, notional in zip(
            tape.step[forced], tape.unit[forced], tape.notional[forced], strict=True
        ):
            rows.append((day * DAY + step * STEP, np.sign(size[unit]), notional))
    price = np.concatenate(price_of_day)
    time = np.arange(price.size) * STEP
    at, side, notional = (np.array(column) for column in zip(*rows, strict=True))
    return time, price, at, side, notional


@pytest.mark.slow
def test_the_engines_liquidations_give_the_crowd_back() -> None:
    time, price, at, side, notional = simulated(30, median=8.0, log_sd=0.6, size_log_sd=1.2)
    long = 0.5 * INTEREST
    interest = (INTEREST, INTEREST)
    windows = windows_of(time, price, DAY, at.astype(np.int64), side, notional, interest)
    assert windows.fall.size == 30
    # The generator fills the larger side: both sides hold the open interest at a long share of 1/2.
    assert long * 2.0 == INTEREST
    found = fit_crowd(windows, notional, MARGINS, seed=1)
    assert found.median.low <= 8.0 <= found.median.high
    assert found.log_sd.low <= 0.6 <= found.log_sd.high
    assert found.median.value == pytest.approx(8.0, rel=0.2)
    assert found.size_log_sd is not None
    assert found.size_log_sd.value == pytest.approx(1.2, rel=0.15)
    assert found.liquidations == notional.size


def test_shares_drawn_from_the_law_give_its_numbers_back() -> None:
    """60 windows, each side 200 equal accounts of leverage 6 x exp(0.5 z)."""
    random = np.random.default_rng(3)
    fall, rise = random.uniform(0.0, 0.3, 60), random.uniform(0.0, 0.3, 60)
    drawn = [
        random.binomial(200, liquidated_share(move, side, 6.0, 0.5, MARGINS)) / 200.0
        for side, move in ((1.0, fall), (-1.0, rise))
    ]
    notional = np.exp(1.8 * random.standard_normal(400))
    found = fit_crowd(Windows(fall, rise, *drawn), notional, MARGINS, seed=1)
    for interval, true in ((found.median, 6.0), (found.log_sd, 0.5), (found.size_log_sd, 1.8)):
        assert interval is not None
        assert interval.low <= true <= interval.high
        assert interval.value == pytest.approx(true, rel=0.1)


def test_what_cannot_be_fitted_is_refused() -> None:
    time = np.arange(20) * DAY
    price, none = np.ones(20), np.empty(0)
    empty = windows_of(time, price, DAY, none.astype(np.int64), none, none, (1.0, 1.0))
    with pytest.raises(InputError, match="nobody was liquidated"):
        fit_crowd(empty, none, MARGINS, seed=1)
    with pytest.raises(InputError, match="at least 10"):
        windows_of(time[:5], price[:5], DAY, none.astype(np.int64), none, none, (1.0, 1.0))
    late = np.array([10**9])
    with pytest.raises(InputError, match="outside the time of the prices"):
        windows_of(time, price, DAY, late, np.array([1.0]), np.array([1.0]), (1.0, 1.0))
