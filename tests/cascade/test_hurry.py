"""Hurried failures: the ratio by hand, chances that stay what they are, and both loops alike."""

from __future__ import annotations

import math

import numpy as np
import pytest
from test_l6_same_tape import assert_same
from tiny_cases import Held, Trader, coin, perpetual, perpetuals_venue, tiny_case

from seawall.cascade.draws import Draws
from seawall.cascade.engine import BASE, Runs, prepare, simulate
from seawall.cascade.failures import failure_uniforms, first_steps, with_failures
from seawall.cascade.fast.simulation import simulate_fast
from seawall.cascade.hurry import expected_arrivals, failure_ratios, left_to_chance
from seawall.cascade.setup import Setup
from seawall.cascade.tape import EventKind
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.scenario.failure.arrival import drawn_seconds
from seawall.scenario.tilt import Component, Tilt

HOUR, STEPS = 3_600.0, 24
YEAR_STEPS = SECONDS_PER_YEAR / HOUR


def insolvent(venue: str, **when: object) -> dict[str, object]:
    return {"venue": venue, "recovery": 0.4, **when}


def setup_of(failing: list[dict[str, object]], **shocks: object) -> Setup:
    """A desk with plenty at two venues, which may fail."""
    traders = [Trader(v, (Held("P", 1.0, 100.0),), {"USD": 90.0}, owner="us") for v in "vw"]
    case = tiny_case(
        traders,
        [perpetual("P", "BTC")],
        dict.fromkeys("vw", perpetuals_venue(fund=1e9)),
        {"BTC": coin(100.0)},
        step_seconds=HOUR,
    )
    return prepare(with_failures(case, {"venue_insolvency": failing, **shocks}))  # type: ignore[dict-item]


# One in ten years and one in twenty: 4.1e-4 of them within a day.
RARE = [insolvent("v", rate_per_year=0.1), insolvent("w", rate_per_year=0.05)]


def test_expected_within_a_day() -> None:
    found = expected_arrivals(setup_of(RARE).failures, STEPS * HOUR)
    assert found == pytest.approx(0.15 / 365.0)
    assert expected_arrivals(None, 1.0) == 0.0


def test_the_ratio_by_hand() -> None:
    """Two venues, f = 1000: f exp(-(f - 1) r T) where it came, exp(-(f - 1) r t) where it did not.

    In steps: r = 0.1 / 8760 an hour.
    """
    rules = setup_of(RARE).failures
    assert rules is not None
    draws = Draws(3, np.arange(400), np.full(400, 1_000.0))
    own, common = failure_uniforms(rules, draws)
    when = first_steps(rules, own, common, None)
    plain, hurried = failure_ratios(rules, draws, [1.0, 1_000.0], STEPS)
    assert plain is None and hurried is not None
    checked = set()
    for path in range(400):
        want = np.zeros(STEPS)
        for i, rate in enumerate((0.1, 0.05)):
            seconds = float(drawn_seconds(rate, own[[path], 2 * i])[0])
            for n in range(1, STEPS + 1):
                if when[path, i] <= n:
                    want[n - 1] += math.log(1e3) - 999.0 * rate * seconds / SECONDS_PER_YEAR
                else:
                    want[n - 1] -= 999.0 * rate * n / YEAR_STEPS
            checked.add(bool(when[path, i] <= STEPS))
        assert hurried[path] == pytest.approx(want, abs=1e-9)
    assert checked == {True, False}


def test_weights_give_the_chance_back() -> None:
    """The mean of the likelihood ratio is 1, and of 1 / ratio where one fails 1 - exp(-(a + b) t).

    At 20,000 hurried paths, within four standard errors, at every step.
    """
    rules = setup_of(RARE).failures
    assert rules is not None
    draws = Draws(5, np.arange(20_000), np.full(20_000, 2_000.0))
    own, common = failure_uniforms(rules, draws)
    first = first_steps(rules, own, common, None).min(axis=1)
    ratio = failure_ratios(rules, draws, [2_000.0], STEPS)[0]
    assert ratio is not None
    for step in (1, 6, STEPS):
        hit = first <= step
        # Counted with the ratio at the step of the failure itself.
        own_step = np.minimum(first, STEPS) - 1
        weight = np.where(hit, np.exp(-ratio[np.arange(first.size), own_step]), 0.0)
        truth = -math.expm1(-0.15 * step / YEAR_STEPS)
        error = float(weight.std()) / math.sqrt(first.size)
        assert abs(float(weight.mean()) - truth) < 4.0 * error
        assert error < 0.05 * truth  # as many plain paths: 1.7 times it at one step, 0.35 at 24
        back = np.exp(-ratio[:, step - 1])
        assert abs(float(back.mean()) - 1.0) < 4.0 * float(back.std()) / math.sqrt(first.size)


def test_shocks_are_hurried_and_stated_times_are_not() -> None:
    failing = [
        insolvent("v", shock="war", shock_probability=0.5),
        insolvent("w", at_seconds=5 * HOUR),
    ]
    rules = setup_of(failing, shock=[{"name": "war", "rate_per_year": 0.1}]).failures
    assert rules is not None
    plain, sooner = (
        failure_uniforms(rules, Draws(1, np.arange(50), h)) for h in (None, np.full(50, 4.0))
    )
    assert np.array_equal(plain[0], sooner[0])
    assert sooner[1] == pytest.approx(plain[1] ** 0.25)
    assert not left_to_chance(rules, 100)


@pytest.mark.parametrize(
    ("failing", "left"),
    [
        (RARE, False),
        ([insolvent("v", rate_per_year=0.1, wrong_way=5.0, wrong_way_asset="BTC")], True),
        ([insolvent("v", shock="war", shock_probability=0.05)], True),
        # Of 100 arrivals, on 100 hurried paths, v has 9, then 1.
        ([insolvent("v", rate_per_year=0.99), insolvent("w", rate_per_year=9.9)], False),
        ([insolvent("v", rate_per_year=0.1), insolvent("w", rate_per_year=9.9)], True),
    ],
)
def test_what_is_left_to_chance(failing: list[dict[str, object]], left: bool) -> None:
    rules = setup_of(failing, shock=[{"name": "war", "rate_per_year": 0.1}]).failures
    assert rules is not None and left_to_chance(rules, 100) is left


def test_both_loops_hurry_alike_and_by_path_number() -> None:
    setup = setup_of(RARE)
    still = (0.0,) * setup.spot.size
    tilt = Tilt((Component(still), Component(still, failure_factor=2_000.0)), (0.5, 0.5))
    runs = Runs(np.arange(60), np.zeros(60, dtype=np.int64), tilt)
    plain = simulate(setup, (BASE,), runs, steps=STEPS, seed=2)
    assert_same(plain, simulate_fast(setup, (BASE,), runs, steps=STEPS, seed=2), "L6")
    failed = np.unique(plain.path[plain.kind == EventKind.CLAIMS_LOST])
    assert failed.size > 10
    hurried = np.flatnonzero(tilt.component_of(np.arange(60)) == 1)
    assert np.all(np.isin(failed, hurried))
    # A path keeps its fate whatever stands beside it (chunks of paths change no bit).
    part = simulate(setup, (BASE,), runs.part(20, 60), steps=STEPS, seed=2)
    assert np.array_equal(
        part.step[part.kind == EventKind.CLAIMS_LOST],
        plain.step[(plain.kind == EventKind.CLAIMS_LOST) & (plain.path >= 20)],
    )
