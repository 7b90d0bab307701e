"""What one coverage case is, and how one seed of it is asked: by `check`, as a user does."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from tiny_cases import Held, Trader, coin, perpetual, perpetuals_venue, tiny_case

from seawall.cascade.pieces.compute import Compute, Engine
from seawall.case import Case
from seawall.exposure import check
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.market import Scenario
from seawall.venues import Liquidation, Rulebook

HOUR, DAY = 3_600.0, 86_400.0
VOLATILITY = 0.6
HOURLY = VOLATILITY * math.sqrt(HOUR / SECONDS_PER_YEAR)
DAILY = VOLATILITY * math.sqrt(DAY / SECONDS_PER_YEAR)
# Maintenance of the perpetuals' venue of `tiny_cases`.
RATE = 0.01
PATHS = 400
DESK = "desk:us"


@dataclass(frozen=True)
class Covered:
    """A Case whose chance is known.

    name     of the case; ``kind`` in a few words
    truth    P(the scope is impaired within a day), exact
    rare     asked with as many tilted paths again
    pushed   False: something random that impairs is not pushed, so the interval is meant to be wide
    """

    name: str
    kind: str
    build: Callable[[], Case]
    truth: float
    scope: str = DESK
    rare: bool = False
    pushed: bool = True
    paths: int = PATHS


@dataclass(frozen=True)
class Answer:
    """Probability and simulation interval of one seed."""

    probability: float
    low: float
    high: float


def ask(covered: Covered, case: Case, seed: int) -> Answer:
    """DRE of the scope over the day, by the same `check` that the command calls."""
    result = check(
        case,
        horizon_seconds=DAY,
        paths=covered.paths,
        seed=seed,
        rare=covered.rare,
        compute=Compute(Engine.AUTO, 1),
    )
    block = result["dre"]["scopes"][covered.scope]
    return Answer(block["probability"][-1], block["low"][-1], block["high"][-1])


def long_breach(cash: float) -> float:
    """Price at which one coin bought at 100 lacks margin: cash + S - 100 = RATE x S."""
    return (100.0 - cash) / (1.0 - RATE)


def short_breach(cash: float) -> float:
    """The same of one coin sold at 100: cash + 100 - S = RATE x S."""
    return (100.0 + cash) / (1.0 + RATE)


def trader(size: float, cash: float, name: str = "BTC", venue: str = "v") -> Trader:
    """An account of the desk with one perpetual at 100."""
    return Trader(venue, (Held(f"{name}-PERP", size, 100.0),), {"USD": cash}, owner="us")


def perpetuals(
    traders: list[Trader],
    *,
    step: float = DAY,
    rulebook: Rulebook | None = None,
    volatility: tuple[float, float] = (VOLATILITY, 0.9),
    correlation: float = 0.0,
    **scenario: object,
) -> Case:
    """Accounts in one coin or two at 100, BTC and ETH, in markets that nobody moves."""
    # A fund that pays for every gap: nothing is socialised, which changes no chance and saves time.
    venues = dict.fromkeys([one.venue for one in traders], rulebook or perpetuals_venue(fund=1e9))
    held = {position.instrument for one in traders for position in one.positions}
    coins = {
        name: own
        for name, own in zip(("BTC", "ETH"), volatility, strict=True)
        if f"{name}-PERP" in held
    }
    return tiny_case(
        traders,
        [perpetual(f"{name}-PERP", name) for name in coins],
        venues,
        {name: coin(100.0, volatility=own) for name, own in coins.items()},
        scenario=Scenario(label="total", **scenario),  # type: ignore[arg-type]
        correlation={("BTC", "ETH"): correlation} if len(coins) == 2 else {},
        step_seconds=step,
        loss_fraction=1.0,
    )


def keeper() -> Liquidation:
    """A lender's keeper that repays everything at once."""
    return Liquidation("keeper", close_factor=1.0, full_below=1.0)
