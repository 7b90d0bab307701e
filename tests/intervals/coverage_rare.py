"""Coverage cases of one in a thousand and one in ten thousand, asked with `rare`.

400 plain and 400 tilted paths. The cash is solved for, so that the chance is the stated one to
1e-12. One more, not among those that are judged: what impairs is not pushed there, and the interval
allows on purpose for paths that nobody has seen.
"""

from __future__ import annotations

import math
from dataclasses import replace

import coverage_truths as exact
from coverage_case import DAILY, DAY, HOUR, HOURLY, Covered, long_breach, perpetuals, trader
from coverage_plain import (
    STEPS,
    at_the_horizon_only,
    bad_debt,
    insolvency,
    loan,
    loan_chance,
    price_and_hazard,
    short_call,
    short_call_ratio,
    short_inverse,
    short_inverse_breach,
    two_assets,
    two_assets_chance,
    watched_chance,
)

from seawall.cascade.failures import with_failures
from seawall.case import Case
from seawall.foundation.units import SECONDS_PER_YEAR

THOUSANDTH, TEN_THOUSANDTH = 1e-3, 1e-4
JUMPS = {"jumps_per_year": 5.0, "jump_mean": -0.05, "jump_volatility": 0.05}


def _watched(cash: float) -> float:
    return exact.leaves(long_breach(cash) / 100.0, float("inf"), HOURLY, STEPS)


def _with_jumps(cash: float) -> float:
    expected = 5.0 * DAY / SECONDS_PER_YEAR
    return exact.falls_with_jumps(long_breach(cash) / 100.0, DAILY, expected, -0.05, 0.05)


def _jumping(cash: float) -> Case:
    case = perpetuals([trader(1.0, cash)], model="jump_diffusion", **JUMPS)
    return replace(case, market=replace(case.market, jump_beta={"BTC": 1.0}))


def two_moving_venues(first: float, second: float) -> Case:
    """An account with plenty at each of two venues, in a coin that moves: only they can break it.

    1 - exp(-(l_1 + l_2) t).
    """
    case = perpetuals([trader(1.0, 90.0), trader(1.0, 90.0, venue="w")])
    failing = [insolvency("v", rate_per_year=first), insolvency("w", rate_per_year=second)]
    return with_failures(case, {"venue_insolvency": failing})


def rare_cases() -> tuple[Covered, ...]:
    """Nine whose impairment is pushed, then one where it is not."""
    cash = exact.solved(_watched, THOUSANDTH, 8.0, 14.0)
    coins = exact.solved(
        lambda q: exact.rises_to(short_inverse_breach(q), DAILY), TEN_THOUSANDTH, 0.05, 0.3
    )
    both = exact.solved(lambda c: two_assets_chance(c, 1.6 * c), THOUSANDTH, 5.0, 20.0)
    debt = exact.solved(loan_chance, TEN_THOUSANDTH, 50.0, 79.0)
    premium = exact.solved(
        lambda c: exact.rises_to(short_call_ratio(c), DAILY), THOUSANDTH, 15.0, 40.0
    )
    gap = exact.solved(lambda c: exact.falls_to((99.0 - c) / 100.0, DAILY), THOUSANDTH, 2.0, 20.0)
    merton = exact.solved(
        lambda c: exact.falls_to(long_breach(c) / 100.0, DAILY), TEN_THOUSANDTH, 5.0, 20.0
    )
    # The venue fails on half as many paths as the price breaks.
    rate = 0.5 * THOUSANDTH * SECONDS_PER_YEAR / DAY
    hazard = exact.comes_within(rate, DAY)
    slowly = exact.solved(watched_chance, THOUSANDTH, 5.0, 14.0)
    seldom = -math.log1p(-TEN_THOUSANDTH) * SECONDS_PER_YEAR / DAY
    jumped = exact.solved(_with_jumps, THOUSANDTH, 5.0, 40.0)
    return (
        Covered(
            "watched_hourly_3",
            "barrier, 24 steps",
            lambda: perpetuals([trader(1.0, cash)], step=HOUR),
            THOUSANDTH,
            rare=True,
        ),
        Covered(
            "short_inverse_4",
            "barrier, coin margin",
            lambda: short_inverse(coins),
            TEN_THOUSANDTH,
            rare=True,
        ),
        Covered(
            "two_assets_3",
            "minimum of two prices",
            lambda: two_assets(both, 1.6 * both),
            THOUSANDTH,
            rare=True,
        ),
        Covered(
            "loan_4",
            "health factor of two prices",
            lambda: loan(debt),
            TEN_THOUSANDTH,
            rare=True,
        ),
        Covered("short_call_3", "option", lambda: short_call(premium), THOUSANDTH, rare=True),
        Covered(
            "bad_debt_3",
            "gap beyond the fund",
            lambda: bad_debt(gap),
            THOUSANDTH,
            scope="venue:v",
            rare=True,
        ),
        Covered(
            "at_the_horizon_only_4",
            "Merton default",
            lambda: at_the_horizon_only(merton),
            TEN_THOUSANDTH,
            rare=True,
        ),
        Covered(
            "price_and_hazard_3",
            "minimum of price and hazard",
            lambda: price_and_hazard(slowly, rate),
            exact.either_comes(THOUSANDTH, hazard),
            rare=True,
        ),
        Covered(
            "two_venues_4",
            "two hazards",
            lambda: two_moving_venues(0.4 * seldom, 0.6 * seldom),
            TEN_THOUSANDTH,
            rare=True,
        ),
        Covered(
            "jumps_one_step_3",
            "jump diffusion",
            lambda: _jumping(jumped),
            THOUSANDTH,
            rare=True,
            pushed=False,
        ),
    )
