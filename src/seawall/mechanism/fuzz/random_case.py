"""Random whole Cases with random paths: a recipe says what there is, a seed gives the numbers.

A smaller recipe is a smaller Case, so that what fails can be shrunk.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from seawall.case import Case
from seawall.foundation.pricekind import PriceKind
from seawall.instruments import Instrument
from seawall.market import AssetState, Scenario
from seawall.market.state import InstrumentState
from seawall.mechanism.fuzz.small_case import (
    INFINITE,
    QUOTE,
    Floats,
    Held,
    Trader,
    lender,
    option,
    order_book,
    perpetual,
    small_case,
)
from seawall.venues import Collateral, Feed, Liquidation, OptionMargin, Rulebook, Tier

OPTION_MARGIN = OptionMargin(
    initial_base=0.15,
    initial_floor=0.1,
    maintenance_base=0.075,
    perp_initial=0.02,
    perp_maintenance=0.01,
    perp_slope=5e-5,
)
LAYERS: tuple[tuple[str, ...], ...] = (
    (),
    ("fund",),
    ("socialised",),
    ("adl",),
    ("backstop",),
    ("fund", "socialised"),
    ("fund", "adl", "socialised"),
    ("adl", "fund", "socialised"),
    ("backstop", "adl"),
    ("backstop", "fund", "socialised"),
    ("fund", "backstop", "socialised"),
    ("backstop", "fund", "adl", "socialised"),
)
SPOT = {"BTC": 90_000.0, "ETH": 3_000.0, "SOL": 150.0}
COLLATERAL = {
    "BTC": Collateral(0.73, 0.78, 0.05),
    "ETH": Collateral(0.80, 0.83, 0.06),
    "SOL": Collateral(0.60, 0.70, 0.10),
    QUOTE: Collateral(0.75, 0.78, 0.045),
}
TIERS = (Tier(0.0, 50.0, 0.01), Tier(5e4, 20.0, 0.025), Tier(5e5, 10.0, 0.05))


@dataclass(frozen=True)
class Recipe:
    """What a random Case holds. ``deep``: zero impact. ``lag``: feeds with thresholds and delays.

    ``rates``: funding and interest. ``healthy``: nobody starts below maintenance.
    ``capital``: fund and vault, as a share of all notional.
    """

    seed: int
    linear: int
    inverse: int
    borrowers: int
    writers: int
    layers: tuple[str, ...]
    capital: float
    deep: bool
    lag: bool
    rates: bool
    healthy: bool
    square_root: bool = False
    total: bool = False
    paths: int = 4
    steps: int = 10


def build(recipe: Recipe) -> tuple[Case, Floats]:
    """The Case of a recipe and its exogenous paths (p, s + 1, k)."""
    rng = np.random.default_rng(recipe.seed)
    traders = [_linear_trader(rng, recipe) for _ in range(recipe.linear)]
    traders += [_inverse_trader(rng, recipe) for _ in range(recipe.inverse)]
    traders += [_borrower(rng, recipe) for _ in range(recipe.borrowers)]
    traders += [_writer(rng) for _ in range(recipe.writers)]
    instruments: list[Instrument] = [perpetual(f"{name}-PERP", name) for name in SPOT]
    instruments.append(perpetual("BTC-INV", "BTC", inverse=True))
    instruments += [
        option("BTC-C", "BTC", 95_000.0, True, 30.0),
        option("BTC-P", "BTC", 80_000.0, False, 0.01),
        option("BTC-PI", "BTC", 85_000.0, False, 60.0, inverse=True),
    ]
    gross = sum(
        abs(p.size) * (1.0 if p.instrument == "BTC-INV" else p.entry)
        for t in traders
        for p in t.positions
        if p.instrument in ("BTC-INV", *(f"{name}-PERP" for name in SPOT))
    )
    case = small_case(
        traders,
        instruments,
        _rulebooks(rng, recipe, gross),
        _assets(rng, recipe, gross),
        scenario=_scenario(rng, recipe),
        states=_states(rng, recipe),
        correlation={("BTC", "ETH"): 0.8},
    )
    return case, _paths(rng, recipe, case)


def _rate(rng: Generator, recipe: Recipe, low: float, high: float) -> float:
    """An annual rate, large enough to matter within ten minutes; 0 without rates."""
    return float(rng.uniform(low, high)) if recipe.rates else 0.0


def _states(rng: Generator, recipe: Recipe) -> dict[str, InstrumentState]:
    states = {
        f"{name}-PERP": InstrumentState(
            mark=spot * float(rng.uniform(0.998, 1.002)), funding_rate=_rate(rng, recipe, -9.0, 9.0)
        )
        for name, spot in SPOT.items()
    }
    states["BTC-INV"] = InstrumentState(funding_rate=_rate(rng, recipe, -9.0, 9.0))
    for name in ("BTC-C", "BTC-P", "BTC-PI"):
        states[name] = InstrumentState(implied_volatility=float(rng.uniform(0.4, 0.8)))
    return states


def _assets(rng: Generator, recipe: Recipe, gross: float) -> dict[str, AssetState]:
    out = {}
    for name, spot in SPOT.items():
        depth = INFINITE if recipe.deep else gross * float(rng.uniform(1.0, 20.0))
        out[name] = AssetState(
            spot,
            spot,
            spot,
            volatility=float(rng.uniform(0.4, 1.0)),
            depth=depth,
            daily_volume=depth,
            borrow_rate=_rate(rng, recipe, 0.0, 9.0),
            implied_slope=-1.0 if name == "BTC" else 0.0,
            implied_half_spread=0.0 if recipe.deep else 0.01,
        )
    return out


def _scenario(rng: Generator, recipe: Recipe) -> Scenario:
    return Scenario(
        label="total" if recipe.total else "exogenous",
        thinning=float(rng.choice([0.0, 0.5])),
        recovery_seconds=float(rng.choice([60.0, 3_600.0])),
        permanent_share=float(rng.choice([0.0, 0.3, 1.0])),
        impact="square_root" if recipe.square_root and not recipe.deep else "linear",
    )


def _feed(rng: Generator, recipe: Recipe) -> Feed:
    if not recipe.lag:
        return Feed()
    return Feed(
        deviation=float(rng.choice([0.0, 0.01])),
        heartbeat_seconds=float(rng.choice([120.0, 300.0])),
        delay_seconds=float(rng.choice([0.0, 60.0, 120.0])),
    )


def _rulebooks(rng: Generator, recipe: Recipe, gross: float) -> dict[str, Rulebook]:
    layers, capital = recipe.layers, recipe.capital * gross
    fund = capital if "fund" in layers else 0.0
    # Vaults are drained by large accounts early, so they get more than the fund.
    backstop = 3.0 * capital if "backstop" in layers else 0.0
    cash_layers = tuple(layer for layer in layers if layer in ("fund", "socialised"))
    perps = Liquidation(
        "orderbook",
        partial_fraction=float(rng.choice([0.2, 0.5, 1.0])),
        partial_above=float(rng.choice([0.0, 2e4])),
        cooldown_seconds=float(rng.choice([0.0, 30.0, 120.0])),
        backstop_ratio=2 / 3 if "backstop" in layers and rng.random() < 0.7 else None,
        fee=float(rng.choice([0.0, 0.005])),
        fee_to=str(rng.choice(["fund", "keeper"])) if fund > 0 else "keeper",
    )
    keeper = Liquidation(
        "keeper",
        close_factor=float(rng.choice([0.3, 0.5, 1.0])),
        full_below=0.95,
        gas=0.0 if recipe.deep else float(rng.choice([0.0, 20.0])),
    )
    options = Liquidation("orderbook", partial_fraction=0.25, fee=0.002, fee_to="keeper")
    return {
        "perps": order_book(
            layers,
            fund=fund,
            backstop=backstop,
            tiers=TIERS,
            liquidation=perps,
            feed=_feed(rng, recipe),
        ),
        "lender": lender(
            COLLATERAL,
            cash_layers,
            fund=0.01 * fund,
            liquidation=keeper,
            feed=_feed(rng, recipe),
        ),
        "options": order_book(
            cash_layers,
            fund=fund,
            liquidation=options,
            option_margin=OPTION_MARGIN,
            margin_price=PriceKind.INDEX,
        ),
    }


def _leverage(rng: Generator, recipe: Recipe) -> float:
    return float(rng.uniform(1.5, 12.0 if recipe.healthy else 70.0))


def _linear_trader(rng: Generator, recipe: Recipe) -> Trader:
    names = rng.choice(list(SPOT), size=int(rng.integers(1, 3)), replace=False)
    positions, cash = [], 0.0
    for name in names:
        spot = SPOT[str(name)]
        notional = float(np.exp(rng.normal(10.5, 1.2)))
        size = notional / spot * float(rng.choice([-1.0, 1.0]))
        entry = spot * float(rng.uniform(0.95, 1.05))
        margin = notional / _leverage(rng, recipe) - size * (spot - entry)
        # An owner cannot have put less than nothing into a position of its own.
        isolated = bool(rng.random() < 0.3) and margin > 0
        positions.append(Held(f"{name}-PERP", size, entry, margin if isolated else None))
        cash += 0.0 if isolated else margin
    owner = "harbour" if rng.random() < 0.3 else ""
    return Trader("perps", positions, {QUOTE: cash} if cash else {}, owner)


def _inverse_trader(rng: Generator, recipe: Recipe) -> Trader:
    spot = SPOT["BTC"]
    contracts = float(np.exp(rng.normal(10.5, 1.0))) * float(rng.choice([-1.0, 1.0]))
    entry = spot * float(rng.uniform(0.95, 1.05))
    coins = abs(contracts) / spot / _leverage(rng, recipe)
    cash = coins - contracts * (1.0 / entry - 1.0 / spot)
    balances = {"BTC": cash}
    if rng.random() < 0.4:
        balances["ETH"] = float(rng.uniform(0.0, 3.0))  # held there, no collateral
    return Trader("perps", [Held("BTC-INV", contracts, entry)], balances)


def _borrower(rng: Generator, recipe: Recipe) -> Trader:
    held, owed = (str(name) for name in rng.choice(list(SPOT), size=2, replace=False))
    if rng.random() < 0.5:
        owed = QUOTE
    value = float(np.exp(rng.normal(10.5, 1.0)))
    top = COLLATERAL[held].liquidation_threshold * (0.97 if recipe.healthy else 1.15)
    loan = value * float(rng.uniform(0.5, top))
    balances = {held: value / SPOT[held], owed: -loan / SPOT.get(owed, 1.0)}
    if rng.random() < 0.3:
        balances.setdefault(QUOTE, float(rng.uniform(10.0, 1_000.0)))
    return Trader("lender", (), balances)


def _writer(rng: Generator) -> Trader:
    if rng.random() < 0.4:
        held = [Held("BTC-PI", -float(rng.uniform(0.1, 2.0)), 3_000.0)]
        return Trader("options", held, {"BTC": float(rng.uniform(0.5, 1.0))})
    held = [
        Held("BTC-C", float(rng.uniform(-1.0, 1.0)), 3_000.0),
        Held("BTC-P", float(rng.uniform(-1.0, 0.5)), 10.0),
        Held("BTC-PERP", float(rng.uniform(-1.0, 1.0)), 90_000.0),
    ]
    return Trader("options", held, {QUOTE: float(rng.uniform(40_000.0, 80_000.0))})


def _paths(rng: Generator, recipe: Recipe, case: Case) -> Floats:
    """Random walks of 2% a step with crashes and rallies of 10 to 50% in some steps."""
    names = case.book.assets
    shape = (recipe.paths, recipe.steps, len(names))
    moves = rng.normal(0.0, 0.02, shape)
    jump = rng.random(shape[:2]) < 0.12
    size = rng.uniform(0.1, 0.5, shape[:2]) * rng.choice([-1.0, 1.0], shape[:2], p=[0.7, 0.3])
    moves += (jump * size)[:, :, None]
    moves[:, :, names.index(QUOTE)] = 0.0
    spot = np.array([case.market.assets[name].spot for name in names])
    out = np.empty((recipe.paths, recipe.steps + 1, len(names)))
    out[:, 0] = spot
    out[:, 1:] = spot * np.exp(np.cumsum(moves, axis=1))
    return out
