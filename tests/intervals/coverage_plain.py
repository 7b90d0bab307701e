"""Coverage cases whose chance 400 plain paths can see: 2% to 50%.

Inputs are round numbers, chosen before any run and never changed for a result. Each breach follows
from the rule of the venue, written at the case; the chance of it from `coverage_truths`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import coverage_truths as exact
from coverage_case import (
    DAILY,
    DAY,
    DESK,
    HOUR,
    HOURLY,
    RATE,
    VOLATILITY,
    Covered,
    keeper,
    long_breach,
    perpetuals,
    short_breach,
    trader,
)
from tiny_cases import (
    AS_OF,
    OPTION_MARGIN,
    Held,
    Trader,
    coin,
    lending_venue,
    perpetual,
    perpetuals_venue,
    tiny_case,
)

from seawall.cascade.failures import with_failures
from seawall.case import Case
from seawall.foundation.pricekind import PriceKind
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.instruments import Option
from seawall.market import Scenario
from seawall.market.state import InstrumentState
from seawall.venues import Collateral, Feed

STEPS = 24
# Most cases that are watched on the way are watched every four hours: six steps.
FOUR_HOURS, SIX = 4.0 * HOUR, 6
FOUR_HOURLY = 2.0 * HOURLY
OTHER = 0.9 * (DAY / SECONDS_PER_YEAR) ** 0.5
TOGETHER = 0.7
# A hazard per year at which one in ten fails within the day.
TENTH = 38.5


def long_one_step() -> Case:
    """cash 5: closed below 95 / 0.99."""
    return perpetuals([trader(1.0, 5.0)])


def short_inverse(coins: float = 0.02) -> Case:
    """100 contracts of one dollar sold at 100 against so many coins.

    Equity in coin is coins - 100 / 100 + 100 / S and maintenance 0.01 x 100 / S: closed above
    100 (1 - 0.01) / (1 - coins).
    """
    account = Trader("v", (Held("BTC-INV", -100.0, 100.0),), {"BTC": coins}, owner="us")
    return tiny_case(
        [account],
        [perpetual("BTC-INV", "BTC", inverse=True)],
        {"v": perpetuals_venue(fund=1e9)},
        {"BTC": coin(100.0, volatility=VOLATILITY)},
        scenario=Scenario(label="total"),
        step_seconds=DAY,
        loss_fraction=1.0,
    )


def short_inverse_breach(coins: float) -> float:
    return (1.0 - RATE) / (1.0 - coins)


def watched_hourly() -> Case:
    return perpetuals([trader(1.0, 5.0)], step=HOUR)


def both_sides() -> Case:
    """A long and a short account of one desk: either is enough."""
    return perpetuals([trader(1.0, 6.0), trader(-1.0, 7.0)], step=FOUR_HOURS)


def two_assets(first: float = 5.0, second: float = 8.0) -> Case:
    """Two long accounts in two coins that move together, and either is enough."""
    return perpetuals([trader(1.0, first), trader(1.0, second, "ETH")], correlation=TOGETHER)


def at_the_horizon_only(cash: float = 4.0) -> Case:
    """Merton (1974): what is owed is compared with what is there on one day only.

    The venue's oracle speaks once in 24 hours, so of six steps the last one decides: the
    coin, bought with 100 - cash of the venue's money, is worth less than that and its margin.
    """
    venue = perpetuals_venue(
        fund=1e9, margin_price=PriceKind.ORACLE, feed=Feed(heartbeat_seconds=DAY)
    )
    return perpetuals([trader(1.0, cash)], step=FOUR_HOURS, rulebook=venue)


JUMPS = {"jumps_per_year": 40.0, "jump_mean": -0.04, "jump_volatility": 0.05}


def jumps_one_step() -> Case:
    case = perpetuals([trader(1.0, 6.0)], model="jump_diffusion", **JUMPS)
    return replace(case, market=replace(case.market, jump_beta={"BTC": 1.0}))


TAILS = exact.Tails(index=(3.0, 4.0), share=(0.1, 0.05))
FREEDOM = 4


def heavy_tails() -> Case:
    """Two long accounts in coins with Pareto tails tied by a Student copula."""
    law = {"left_index": 3.0, "right_index": 4.0, "left_share": 0.1, "freedom": FREEDOM}
    return perpetuals(
        [trader(1.0, 6.0), trader(1.0, 8.5, "ETH")],
        correlation=TOGETHER,
        model="heavy_tail",
        parameters={"heavy_tail": law},
    )


def still(venues: tuple[str, ...] = ("v",)) -> Case:
    """An account with plenty at each venue, in coins that do not move."""
    return perpetuals([trader(1.0, 50.0, venue=name) for name in venues], volatility=(0.0, 0.0))


def insolvency(venue: str, **when: object) -> dict[str, object]:
    return {"venue": venue, "recovery": 0.4, **when}


def one_venue() -> Case:
    return with_failures(still(), {"venue_insolvency": [insolvency("v", rate_per_year=TENTH)]})


def two_venues() -> Case:
    failing = [insolvency("v", rate_per_year=TENTH), insolvency("w", rate_per_year=2.0 * TENTH)]
    return with_failures(still(("v", "w")), {"venue_insolvency": failing})


def common_shock() -> Case:
    """Two venues that fail alone, or with a shock that 50% and 80% of the time brings them down."""
    failing = [
        insolvency("v", rate_per_year=10.0, shock="war", shock_probability=0.5),
        insolvency("w", rate_per_year=20.0, shock="war", shock_probability=0.8),
    ]
    shock = [{"name": "war", "rate_per_year": TENTH}]
    return with_failures(still(("v", "w")), {"venue_insolvency": failing, "shock": shock})


def price_and_hazard(cash: float = 5.0, rate: float = TENTH) -> Case:
    """Watched every four hours, at a venue that may fail: whichever comes first."""
    case = perpetuals([trader(1.0, cash)], step=FOUR_HOURS)
    return with_failures(case, {"venue_insolvency": [insolvency("v", rate_per_year=rate)]})


def depeg() -> Case:
    """1,000 of a stablecoin behind a debt of 750, threshold 0.8: called when it is below 0.9375.

    It falls by 12.5% over 16 hours: by 3.1% after four and by 6.25% after eight, which is 0.9375
    itself, so the loan is called after twelve. A depeg begins at the end of the step in which it
    came, so it must have come within the first twelve hours.
    """
    venue = lending_venue({"USDT": Collateral(0.75, 0.8, 0.05)}, liquidation=keeper())
    case = tiny_case(
        [Trader("l", (), {"USDT": 1_000.0, "USD": -750.0}, owner="us")],
        [],
        {"l": venue},
        {"USDT": coin(1.0, volatility=0.0)},
        scenario=Scenario(label="total"),
        step_seconds=FOUR_HOURS,
        loss_fraction=1.0,
    )
    event = {
        "asset": "USDT",
        "depth": 0.125,
        "fall_seconds": 16 * HOUR,
        "half_life_seconds": 12 * HOUR,
        "rate_per_year": 3.0 * TENTH,
    }
    return with_failures(case, {"stablecoin_depeg": [event]})


def loan(debt: float = 76.0) -> Case:
    """One ETH at 100 behind a debt in BTC: called when 0.8 x ETH < debt x BTC / 100."""
    venue = lending_venue({"ETH": Collateral(0.75, 0.8, 0.05)}, liquidation=keeper())
    return tiny_case(
        [Trader("l", (), {"ETH": 1.0, "BTC": -debt / 100.0}, owner="us")],
        [],
        {"l": venue},
        {"BTC": coin(100.0, volatility=VOLATILITY), "ETH": coin(100.0, volatility=0.9)},
        scenario=Scenario(label="total"),
        correlation={("BTC", "ETH"): TOGETHER},
        step_seconds=DAY,
        loss_fraction=1.0,
    )


STRIKE, DAYS, IMPLIED = 100.0, 30, 0.6
# volatility x sqrt(years) of the option when the day is over.
LEFT = IMPLIED * ((DAYS - 1) * DAY / SECONDS_PER_YEAR) ** 0.5


def short_call(cash: float = 18.0) -> Case:
    """Short one call: cash - call(S) < 0.075 S, the option a day older than at the start."""
    sold = Option("C", "BTC", "USD", AS_OF + timedelta(days=DAYS), STRIKE, True)
    return tiny_case(
        [Trader("v", (Held("C", -1.0, 0.0),), {"USD": cash}, owner="us")],
        [sold],
        {"v": perpetuals_venue(fund=1e9, option_margin=OPTION_MARGIN)},
        {"BTC": coin(100.0, volatility=VOLATILITY)},
        states={"C": InstrumentState(implied_volatility=IMPLIED)},
        scenario=Scenario(label="total"),
        step_seconds=DAY,
        loss_fraction=1.0,
    )


def short_call_ratio(cash: float) -> float:
    breach = exact.short_call_breach(cash, STRIKE, LEFT, OPTION_MARGIN.maintenance_base)
    return breach / 100.0


def desk_loss() -> Case:
    """Long 2 BTC and 1 ETH with 30 of cash: half is lost when 2 x BTC + ETH <= 300 - 15.

    Margin is not short before: at 285 equity is 15 and maintenance 2.85.
    """
    case = perpetuals(
        [
            Trader(
                "v",
                (Held("BTC-PERP", 2.0, 100.0), Held("ETH-PERP", 1.0, 100.0)),
                {"USD": 30.0},
                owner="us",
            )
        ],
        correlation=TOGETHER,
    )
    return replace(case, loss_fraction=0.5)


def bad_debt(cash: float = 3.0) -> Case:
    """A crowd's long at 100 with so much cash, a fund of 1: beyond it below 100 - cash - 1."""
    account = Trader("v", (Held("BTC-PERP", 1.0, 100.0),), {"USD": cash})
    other = Trader("v", (Held("BTC-PERP", -1.0, 100.0),), {"USD": 100.0})
    return perpetuals([account, other], rulebook=perpetuals_venue(fund=1.0))


def threshold_oracle() -> Case:
    """An oracle that speaks when the price has moved by 4%; long and short would be closed at 2%.

    So neither is closed before the oracle's first word, and one of them at it: the chance is that a
    price watched every four hours has left 96 to 104. With fresh prices it would be 98 to 102.
    """
    long, short = 100.0 - 98.0 * (1.0 - RATE), 102.0 * (1.0 + RATE) - 100.0
    venue = perpetuals_venue(fund=1e9, margin_price=PriceKind.ORACLE, feed=Feed(deviation=0.04))
    return perpetuals([trader(1.0, long), trader(-1.0, short)], step=FOUR_HOURS, rulebook=venue)


def plain_cases() -> tuple[Covered, ...]:
    """Eighteen, in order of the report."""
    hazard = exact.comes_within(TENTH, DAY)
    watched = exact.leaves(long_breach(5.0) / 100.0, float("inf"), HOURLY, STEPS)
    shock = exact.marshall_olkin(exact.comes_within(30.0, DAY), hazard, (0.5, 0.8))
    tails = (
        TAILS.left_share(long_breach(6.0) / 100.0, DAILY),
        TAILS.left_share(long_breach(8.5) / 100.0, OTHER),
    )
    return (
        Covered("long_one_step", "barrier", long_one_step, _long(5.0)),
        Covered(
            "short_inverse",
            "barrier, coin margin",
            short_inverse,
            exact.rises_to(short_inverse_breach(0.02), DAILY),
        ),
        Covered("watched_hourly", "barrier, 24 steps", watched_hourly, watched),
        Covered(
            "both_sides",
            "two barriers, 6 steps",
            both_sides,
            exact.leaves(long_breach(6.0) / 100.0, short_breach(7.0) / 100.0, FOUR_HOURLY, SIX),
        ),
        Covered("two_assets", "minimum of two prices", two_assets, two_assets_chance(5.0, 8.0)),
        Covered(
            "at_the_horizon_only",
            "Merton default",
            at_the_horizon_only,
            exact.falls_to(long_breach(4.0) / 100.0, DAILY),
        ),
        Covered(
            "jumps_one_step",
            "jump diffusion",
            jumps_one_step,
            exact.falls_with_jumps(
                long_breach(6.0) / 100.0, DAILY, 40.0 * DAY / SECONDS_PER_YEAR, -0.04, 0.05
            ),
        ),
        Covered(
            "heavy_tails",
            "Student copula",
            heavy_tails,
            exact.either_tail(tails, TOGETHER, FREEDOM),
        ),
        Covered("one_venue", "hazard", one_venue, hazard),
        Covered(
            "two_venues",
            "two hazards",
            two_venues,
            exact.either_comes(hazard, exact.comes_within(2.0 * TENTH, DAY)),
        ),
        Covered("common_shock", "Marshall-Olkin", common_shock, shock),
        Covered(
            "price_and_hazard",
            "minimum of price and hazard",
            price_and_hazard,
            exact.either_comes(watched_chance(5.0), hazard),
        ),
        Covered(
            "depeg", "stablecoin as collateral", depeg, exact.comes_within(3.0 * TENTH, 12 * HOUR)
        ),
        Covered("loan", "health factor of two prices", loan, loan_chance(76.0)),
        Covered(
            "short_call",
            "option",
            short_call,
            exact.rises_to(short_call_ratio(18.0), DAILY),
        ),
        Covered(
            "desk_loss",
            "loss above theta",
            desk_loss,
            exact.basket_falls((200.0, 100.0), 285.0, (DAILY, OTHER), TOGETHER),
            scope=f"{DESK}/loss",
        ),
        Covered(
            "bad_debt",
            "gap beyond the fund",
            bad_debt,
            exact.falls_to(0.96, DAILY),
            scope="venue:v",
        ),
        Covered(
            "threshold_oracle",
            "oracle's first word",
            threshold_oracle,
            exact.leaves(0.96, 1.04, FOUR_HOURLY, SIX),
        ),
    )


def _long(cash: float) -> float:
    return exact.falls_to(long_breach(cash) / 100.0, DAILY)


def watched_chance(cash: float) -> float:
    """P(a long is closed within six steps of four hours)."""
    return exact.leaves(long_breach(cash) / 100.0, float("inf"), FOUR_HOURLY, SIX)


def two_assets_chance(first: float, second: float) -> float:
    ratios = (long_breach(first) / 100.0, long_breach(second) / 100.0)
    return exact.either_falls(ratios, (DAILY, OTHER), TOGETHER)


def loan_chance(debt: float) -> float:
    """0.8 ETH < debt x BTC / 100: the ratio of ETH to BTC is below debt / 80."""
    return exact.ratio_falls(debt / 80.0, (OTHER, DAILY), TOGETHER)
