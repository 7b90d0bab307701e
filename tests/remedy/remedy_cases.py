"""Random Cases of one desk whose DRE limit is breached, small enough for hundreds of them.

One to three accounts on one or two venues: perpetuals with one to three legs, loans, options
written; deep or shallow markets, a horizon of 4, 8 or 24 hours. Each account can stand a move of
so many standard deviations of its own book over the horizon; some have much to spare, so that
money can be moved. The limit is a share of a first estimate of DRE.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from tiny_cases import (
    OPTION_MARGIN,
    QUOTE,
    Held,
    Trader,
    coin,
    lending_venue,
    option,
    perpetual,
    perpetuals_venue,
    tiny_case,
)

from seawall.cascade.engine import prepare
from seawall.case import Case, Limit
from seawall.exposure.runs import plan, run_plan
from seawall.foundation.pricekind import PriceKind
from seawall.market import AssetState
from seawall.market.state import InstrumentState
from seawall.venues import Collateral, Liquidation, Tier

SPOT = {"BTC": 90_000.0, "ETH": 3_000.0, "SOL": 150.0}
COLLATERAL = {
    "BTC": Collateral(0.73, 0.78, 0.05),
    "ETH": Collateral(0.80, 0.83, 0.06),
    "SOL": Collateral(0.60, 0.70, 0.10),
    QUOTE: Collateral(0.75, 0.78, 0.045),
}
OWNER = "harbour"
# Nothing moves this; a file takes no infinite number.
DEEP = 1e15
# DRE without a remedy lies between these.
LEAST, MOST = 0.03, 0.4
# Paths of the first estimate, and its seed, which no other run uses.
FIRST_PATHS, FIRST_SEED = 1_000, 987_654


@dataclass(frozen=True)
class Sought:
    """A Case with a breached limit, its horizon, seconds, and the first estimate of its DRE."""

    case: Case
    horizon: float
    dre: float


def impaired_share(case: Case, horizon: float, paths: int, seed: int) -> float:
    """DRE of the desk on plain paths."""
    setup = prepare(case)
    steps = round(horizon / case.step_seconds)
    found = run_plan(setup, plan([], paths, steps, seed))[0].found
    return float(np.mean(found[f"desk:{OWNER}"][1].step <= steps))


def sought(seed: int) -> Sought:
    """The Case of a seed; recipes are drawn until DRE is neither tiny nor large."""
    rng = np.random.default_rng([seed, 24])
    while True:
        case, horizon = _drawn(rng)
        dre = impaired_share(case, horizon, FIRST_PATHS, FIRST_SEED)
        if LEAST <= dre <= MOST:
            limit = Limit(
                "DRE", "dre", f"desk:{OWNER}", dre * float(rng.uniform(0.3, 0.8)), horizon
            )
            return Sought(replace(case, limits=(limit,)), horizon, dre)


def drawn(seed: int) -> Case:
    """A random Case without a limit, whatever its DRE."""
    return _drawn(np.random.default_rng([seed, 25]))[0]


def _drawn(rng: Generator) -> tuple[Case, float]:
    horizon = float(rng.choice([14_400.0, 28_800.0, 86_400.0]))
    volatility = {name: float(rng.uniform(0.4, 1.0)) for name in SPOT}
    kinds = _kinds(rng)
    days = horizon / 86_400.0
    sigma = {name: v * math.sqrt(days / 365.0) for name, v in volatility.items()}
    traders = [_trader(rng, kind, sigma) for kind in kinds]
    gross = 1e6
    depth = DEEP if rng.random() < 0.3 else gross * float(rng.uniform(20.0, 300.0))
    assets = {
        name: coin(
            spot,
            depth,
            volatility[name],
            daily_volume=depth,
            spread=float(rng.choice([0.0, 2e-4])),
            implied_half_spread=0.01,
        )
        for name, spot in SPOT.items()
    }
    assets[QUOTE] = AssetState(1.0, 1.0, 1.0, 0.0, DEEP, DEEP)
    rulebooks = {
        "perps": perpetuals_venue(
            fund=1e9,
            tiers=(Tier(0.0, 50.0, 0.01), Tier(3e5, 20.0, 0.025)),
            taker_fee=float(rng.choice([0.0, 5e-4])),
        ),
        "other": perpetuals_venue(fund=1e9, tiers=(Tier(0.0, 20.0, 0.02),)),
        "lender": lending_venue(COLLATERAL, fund=1e9),
        "options": perpetuals_venue(
            fund=1e9,
            liquidation=Liquidation("orderbook", partial_fraction=0.25),
            option_margin=OPTION_MARGIN,
            margin_price=PriceKind.INDEX,
        ),
    }
    used = {trader.venue for trader in traders}
    states = {"BTC-P": InstrumentState(implied_volatility=volatility["BTC"])}
    case = tiny_case(
        traders,
        [perpetual(f"{name}-PERP", name) for name in SPOT]
        + [option("BTC-P", "BTC", 82_000.0, False, 30.0)],
        {name: rule for name, rule in rulebooks.items() if name in used},
        assets,
        states=states,
        step_seconds=horizon / float(rng.choice([24.0, 48.0])),
        correlation={("BTC", "ETH"): 0.8, ("BTC", "SOL"): 0.6, ("ETH", "SOL"): 0.7},
    )
    return case, horizon


def _kinds(rng: Generator) -> list[str]:
    """Venues of the desk's accounts: one to three accounts on one or two venues."""
    venues = rng.choice(["perps", "other", "lender", "options"], int(rng.integers(1, 3)), False)
    return [str(rng.choice(venues)) for _ in range(int(rng.integers(1, 4)))]


def _buffer(rng: Generator) -> float:
    """Standard deviations over the horizon that an account can stand."""
    return float(rng.uniform(4.0, 7.0) if rng.random() < 0.3 else rng.uniform(1.3, 2.6))


def _trader(rng: Generator, venue: str, sigma: dict[str, float]) -> Trader:
    size = float(np.exp(rng.normal(12.0, 0.6)))
    buffer = _buffer(rng)
    if venue == "lender":
        return _borrower(rng, size, buffer, sigma)
    if venue == "options":
        coins = size / SPOT["BTC"]
        cash = size * (0.11 + 0.35 * buffer * sigma["BTC"])
        return Trader(venue, [Held("BTC-P", -coins, 2_000.0)], {QUOTE: cash}, OWNER)
    names = rng.choice(list(SPOT), int(rng.integers(1, 4)), False)
    held, spread = [], 0.0
    for n, name in enumerate(names):
        notional = size * float(rng.uniform(0.5, 1.0)) * (1.0 if n % 2 == 0 else -1.0)
        spot = SPOT[str(name)]
        held.append(Held(f"{name}-PERP", notional / spot, spot))
        spread = math.hypot(spread, notional * sigma[str(name)] * (1.0 if n == 0 else 0.6))
    gross = sum(abs(one.size) * one.entry for one in held)
    maintenance = gross * (0.02 if venue == "other" else 0.015)
    return Trader(venue, held, {QUOTE: maintenance + buffer * spread}, OWNER)


def _borrower(rng: Generator, size: float, buffer: float, sigma: dict[str, float]) -> Trader:
    name = str(rng.choice(list(SPOT)))
    threshold = COLLATERAL[name].liquidation_threshold
    debt = size * threshold * math.exp(-buffer * sigma[name])
    return Trader("lender", (), {name: size / SPOT[name], QUOTE: -debt}, OWNER)
