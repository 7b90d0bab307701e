"""Cases of one step whose parts are known in closed form, with what they must be.

One coin at 100, 60% a year, one step of a day: log-return normal with sd s = 0.6 sqrt(1/365.25) and
mean -s^2/2. A long of one coin with cash c is closed below (100 - c) / 0.99, where maintenance is
1% of the price.
"""

from __future__ import annotations

import math
from statistics import NormalDist

from tiny_cases import Held, Trader, coin, perpetual, perpetuals_venue, tiny_case

from seawall.cascade.failures import with_failures
from seawall.case import Case
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.impact.linear import average
from seawall.market import Scenario
from seawall.venues import Feed, Tier

DAY = 86_400.0
DESK, LOSS = "desk:us", "desk:us/loss"
SPREAD = 0.6 * math.sqrt(DAY / SECONDS_PER_YEAR)
RATE = 100.0  # failures a year: 1 - exp(-100 / 365.25) = 24.0% in a day
FAILS = 1.0 - math.exp(-RATE * DAY / SECONDS_PER_YEAR)
THIN = 4_000.0  # quote per unit of log-price: selling one coin at 97 costs about 1.2%


def below(price: float) -> float:
    """P(the coin ends the step below a price)."""
    return NormalDist(-0.5 * SPREAD * SPREAD, SPREAD).cdf(math.log(price / 100.0))


def one_long(
    cash: float,
    *,
    depth: float = 1e15,
    margin: float = 0.01,
    feed: Feed | None = None,
    fails: bool = False,
    theta: float = 0.9,
) -> Case:
    """A desk that is long one coin, in a market that nobody's order moves (label total)."""
    case = tiny_case(
        [Trader("v", (Held("BTC-PERP", 1.0, 100.0),), {"USD": cash}, owner="us")],
        [perpetual("BTC-PERP", "BTC")],
        {
            "v": perpetuals_venue(
                ("backstop",), tiers=(Tier(0.0, 10.0, margin),), feed=feed or Feed()
            )
        },
        {"BTC": coin(100.0, volatility=0.6, depth=depth)},
        scenario=Scenario(label="total"),
        step_seconds=DAY,
        loss_fraction=theta,
    )
    failing = {"venue_insolvency": [{"venue": "v", "recovery": 0.0, "rate_per_year": RATE}]}
    return with_failures(case, failing) if fails else case


# --- price and failure: closed below 96, or the venue fails --------------------------------------

BARRIER_CASH = 100.0 - 0.99 * 96.0


def price_and_failure() -> tuple[Case, str, dict[str, float]]:
    """Two independent hazards p and q: price p; failure what it adds, q (1 - p)."""
    p = below(96.0)
    truth = {"price": p, "counterparty": FAILS * (1.0 - p)}
    return one_long(BARRIER_CASH, fails=True), DESK, truth


# --- price, latency and failure: a feed that is a day late shows nothing in one step -------------


def late_feed() -> tuple[Case, str, dict[str, float]]:
    """With the late feed nobody is closed within the step, whatever the price.

    Price alone p. v(none) = p, v(latency) = 0, v(failure) = p + q - pq, v(both) = q, so
    latency = ((0 - p) + (q - (p + q - pq))) / 2 = -p + pq / 2, failure = q - pq / 2.
    """
    p, q = below(96.0), FAILS
    case = one_long(BARRIER_CASH, feed=Feed(delay_seconds=DAY), fails=True)
    return case, DESK, {"price": p, "latency": -p + p * q / 2.0, "counterparty": q - p * q / 2.0}


# --- price and own exit cost: the forced sale turns a loss below one half into a larger one ------

# Cash 8: half of it is lost below 96.00. Maintenance 5%: closed below 92 / 0.95 = 96.84, where the
# sale at 96.84 (1 - 0.012) = 95.7 loses more than half whatever the price was.
CLOSED = 92.0 / 0.95


def sold_below(proceeds: float) -> float:
    """The price below which a sale of one coin brings less than ``proceeds``, by bisection."""
    low, high = proceeds, 1.1 * proceeds
    for _ in range(60):
        middle = 0.5 * (low + high)
        less = middle * float(average(0.0, -middle / THIN)) < proceeds
        low, high = (middle, high) if less else (low, middle)
    return low


def exit_cost() -> tuple[Case, str, dict[str, float]]:
    """Loss above half: price P(< 96.00), own exit cost P(96.00 to 96.84)."""
    assert sold_below(96.0) > CLOSED, "every forced sale must lose more than half"
    case = one_long(8.0, depth=THIN, margin=0.05, theta=0.5)
    truth = {"price": below(96.0), "liquidity": below(CLOSED) - below(96.0)}
    return case, LOSS, truth


def three_channels() -> tuple[Case, str, dict[str, float]]:
    """Loss above half with a thin book, a late feed and a venue that fails with nothing left.

    Per path: A below 96.00 (chance a), B from there to 96.84 (b), else neither; C the venue fails
    (q), which is then the only way to lose with the late feed. Shapley values by the orders of
    (liquidity, latency, failure):

    not C, A: latency -1                    C, A: latency -1/2, failure +1/2
    not C, B: liquidity +1/2, latency -1/2  C, B: liquidity +1/3, latency -1/6, failure +5/6
    C, neither: failure 1
    """
    a, b, q = below(96.0), below(CLOSED) - below(96.0), FAILS
    case = one_long(
        8.0, depth=THIN, margin=0.05, theta=0.5, feed=Feed(delay_seconds=DAY), fails=True
    )
    truth = {
        "price": a,
        "liquidity": b * ((1.0 - q) / 2.0 + q / 3.0),
        "latency": -a * ((1.0 - q) + q / 2.0) - b * ((1.0 - q) / 2.0 + q / 6.0),
        "counterparty": q * (a / 2.0 + b * 5.0 / 6.0 + (1.0 - a - b)),
    }
    return case, LOSS, truth


# --- price and crowd: another account's forced sale pushes the price into ours --------------------

PUSHED = 97.5
CROWD_SIZE, CROWD_DEPTH = 100.0, 480_000.0


def crowd_push() -> tuple[Case, str, dict[str, float]]:
    """Ours is closed below 96; another long of 100 coins below 97.5, whose sale of 9,750 into a
    depth of 480,000 takes 2% off: from 97.5 to 95.5. So crowd adds P(96 to 97.5), and own exit
    cost, which exists for all, nothing.
    """
    theirs = CROWD_SIZE * (100.0 - 0.99 * PUSHED)
    ours = 1e-3
    case = tiny_case(
        [
            Trader("v", (Held("BTC-PERP", ours, 100.0),), {"USD": ours * BARRIER_CASH}, owner="us"),
            Trader("v", (Held("BTC-PERP", CROWD_SIZE, 100.0),), {"USD": theirs}),
        ],
        [perpetual("BTC-PERP", "BTC")],
        {"v": perpetuals_venue(("backstop",), tiers=(Tier(0.0, 10.0, 0.01),))},
        {"BTC": coin(100.0, volatility=0.6, depth=CROWD_DEPTH)},
        scenario=Scenario(label="exogenous"),
        step_seconds=DAY,
        loss_fraction=0.9,
    )
    truth = {"price": below(96.0), "liquidity": 0.0, "crowd": below(PUSHED) - below(96.0)}
    return case, DESK, truth


CASES = (price_and_failure, late_feed, exit_cost, three_channels, crowd_push)
