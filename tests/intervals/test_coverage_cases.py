"""Each Case breaks exactly where its formula says: a millionth before it not, a millionth on it is.

And coverage itself: one case over a few seeds here; all of them, over 20 seeds each, among the slow
tests; `python tests/intervals/cover.py --seeds 2000` for the figures of docs/decisions/022.
"""

from __future__ import annotations

import os

import pytest
from cover import run
from coverage_case import DESK, Covered, ask, long_breach
from coverage_cases import all_cases
from coverage_judge import LOW, gain, holm, p_value, table, wilson_coverage
from coverage_plain import (
    bad_debt,
    desk_loss,
    loan,
    long_one_step,
    short_call,
    short_call_ratio,
    short_inverse,
    short_inverse_breach,
)
from tiny_cases import paths_of, run_case

from seawall.cascade.tape import NEVER
from seawall.case import Case
from seawall.exposure.curve import impairments

A_LITTLE = 1e-6
SEEDS = int(os.environ.get("SEAWALL_COVERAGE_SEEDS", "20"))


def breaks(case: Case, scope: str, **prices: float) -> bool:
    """Whether a scope is impaired by one step to these prices."""
    path = paths_of(case, **{name: [100.0, price] for name, price in prices.items()})
    setup, tape, _ = run_case(case, path)
    return bool(impairments(setup, tape)[scope][1].step[0] < NEVER)


@pytest.mark.parametrize(
    ("case", "scope", "price", "down"),
    [
        (long_one_step(), DESK, long_breach(5.0), True),
        (short_inverse(), DESK, 100.0 * short_inverse_breach(0.02), False),
        (short_call(), DESK, 100.0 * short_call_ratio(18.0), False),
        (bad_debt(), "venue:v", 96.0, True),
    ],
    ids=["long", "short inverse", "short call", "bad debt"],
)
def test_one_price_breaks_where_the_formula_says(
    case: Case, scope: str, price: float, down: bool
) -> None:
    beyond = 1.0 - A_LITTLE if down else 1.0 + A_LITTLE
    assert breaks(case, scope, BTC=price * beyond)
    assert not breaks(case, scope, BTC=price / beyond)


def test_two_prices_break_where_the_formula_says() -> None:
    """Loan: ETH over BTC at 76 / 80. Loss: 2 BTC and 1 ETH at 285."""
    eth = 103.0 * 76.0 / 80.0
    assert breaks(loan(), DESK, BTC=103.0, ETH=eth * (1.0 - A_LITTLE))
    assert not breaks(loan(), DESK, BTC=103.0, ETH=eth * (1.0 + A_LITTLE))
    scope = f"{DESK}/loss"
    assert breaks(desk_loss(), scope, BTC=97.0, ETH=91.0 - A_LITTLE)
    assert not breaks(desk_loss(), scope, BTC=97.0, ETH=91.0 + A_LITTLE)


def test_the_cases_are_as_many_and_as_rare_as_decision_022_says() -> None:
    cases = all_cases()
    plain = [one.truth for one in cases if not one.rare]
    assert len(plain) == 18 and min(plain) > 0.02 and max(plain) < 0.5
    judged = [one.truth for one in cases if one.rare and one.pushed]
    assert judged.count(1e-3) == 4 and judged.count(1e-4) == 4 and len(judged) == 9
    assert len({one.name for one in cases}) == len(cases) == 28


def test_holm_by_hand() -> None:
    """0.05 / 3, 0.05 / 2, 0.05: 0.01 and 0.02 are rejected, 0.06 is not, nor what comes after."""
    assert holm([0.02, 0.06, 0.01]) == [True, False, True]
    assert holm([0.03, 0.04, 0.02]) == [False, False, False]


def test_the_test_of_coverage_can_fail_on_both_sides() -> None:
    """2,000 seeds: 95% and 93% pass (the latter by 1.1 standard errors), 91% and 98.5% do not."""
    assert p_value(1_900, 2_000) == 1.0
    assert p_value(1_858, 2_000) > 0.05
    assert p_value(1_820, 2_000) < 1e-4
    assert p_value(1_970, 2_000) < 1e-4


def test_wilsons_coverage_by_hand() -> None:
    """Two paths, chance 1/2: intervals of 0, 1, 2 of 2 are 0 to .66, .09 to .91, .34 to 1: all."""
    assert wilson_coverage(0.5, 2) == pytest.approx(1.0)
    # At 0.7 that of no hit does not hold it: 1 - 0.09.
    assert wilson_coverage(0.7, 2) == pytest.approx(0.91)


def test_gain_by_hand() -> None:
    """Errors of 0.001: 0.1 x 0.9 / 900 = 1e-4 over 1e-6."""
    times, low, high = gain(0.1, 900, [0.101, 0.099, 0.101, 0.099])
    assert times == pytest.approx(100.0) == low == high


def of_name(name: str) -> Covered:
    return next(one for one in all_cases() if one.name == name)


def test_one_case_over_a_few_seeds() -> None:
    """Binomial(15, 0.9485): fewer than 11 once in 1,600 runs; and the mean within 4 errors."""
    covered = of_name("long_one_step")
    case = covered.build()
    answers = [ask(covered, case, seed) for seed in range(1, 16)]
    assert sum(a.low <= covered.truth <= a.high for a in answers) >= 11
    mean = sum(a.probability for a in answers) / 15
    error = (covered.truth * (1.0 - covered.truth) / covered.paths / 15) ** 0.5
    assert abs(mean - covered.truth) < 4.0 * error


@pytest.mark.slow
def test_every_case_over_sampled_seeds() -> None:
    """SEAWALL_COVERAGE_SEEDS seeds (20) of each case; Holm over those that are judged."""
    cases = list(all_cases())
    found = run(cases, SEEDS, 2, None)
    text, good = table(cases, {name: list(of.values()) for name, of in found.items()})
    print(text)
    assert good
    for one in cases:
        if not one.pushed:
            held = sum(a.low <= one.truth <= a.high for a in found[one.name].values())
            assert held >= LOW * SEEDS - 3.0 * (LOW * (1.0 - LOW) * SEEDS) ** 0.5
