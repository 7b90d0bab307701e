"""Tiny Cases in memory, for laws and hand-worked examples: a few accounts, any rulebooks.

`tiny_case` builds a Case from lists; `paths_of` builds exogenous paths from price lists;
`run_case` compiles and runs. `random_cases.py` draws whole Cases on top of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.cascade.engine import prepare
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, Tape
from seawall.case import Case
from seawall.foundation.pricekind import PriceKind
from seawall.instruments import Instrument
from seawall.market import AssetState, Market, Scenario
from seawall.market.state import InstrumentState
from seawall.mechanism.fuzz.random_case import OPTION_MARGIN
from seawall.mechanism.fuzz.small_case import (
    AS_OF,
    INFINITE,
    QUOTE,
    Held,
    Trader,
    book_of,
    option,
    perpetual,
)
from seawall.venues import Collateral, Feed, Liquidation, Rulebook, Tier, Waterfall

__all__ = [
    "AS_OF",
    "INFINITE",
    "OPTION_MARGIN",
    "QUOTE",
    "Floats",
    "Held",
    "Trader",
    "cash_asset",
    "coin",
    "events",
    "lending_venue",
    "option",
    "paths_of",
    "perpetual",
    "perpetuals_venue",
    "run_case",
    "tiny_case",
    "unit_of",
]

Floats = NDArray[np.float64]


def coin(spot: float, depth: float = INFINITE, volatility: float = 0.6, **more: Any) -> AssetState:
    """An asset that moves; infinitely deep unless told."""
    return AssetState(spot, spot, spot, volatility, depth, more.pop("daily_volume", depth), **more)


def cash_asset(**more: Any) -> AssetState:
    """The quote currency: 1 for ever."""
    return AssetState(1.0, 1.0, 1.0, 0.0, INFINITE, INFINITE, **more)


def perpetuals_venue(
    layers: tuple[str, ...] = ("fund", "socialised"),
    *,
    fund: float = 0.0,
    backstop: float = 0.0,
    tiers: tuple[Tier, ...] = (Tier(0.0, 50.0, 0.01),),
    liquidation: Liquidation | None = None,
    **more: Any,
) -> Rulebook:
    """A venue with an order book."""
    return Rulebook(
        name="tiny",
        source="test",
        as_of=date(2026, 1, 30),
        margin_price=more.pop("margin_price", PriceKind.MARK),
        liquidation=liquidation or Liquidation("orderbook"),
        waterfall=Waterfall(layers, fund, backstop),
        default_tiers=tiers,
        **more,
    )


def lending_venue(
    collateral: Mapping[str, Collateral],
    layers: tuple[str, ...] = ("fund", "socialised"),
    *,
    fund: float = 0.0,
    liquidation: Liquidation | None = None,
    feed: Feed | None = None,
) -> Rulebook:
    """A lending market."""
    return Rulebook(
        name="tiny-lender",
        source="test",
        as_of=date(2026, 1, 30),
        margin_price=PriceKind.ORACLE,
        liquidation=liquidation or Liquidation("keeper"),
        waterfall=Waterfall(layers, fund),
        collateral=collateral,
        feed=feed or Feed(),
    )


def tiny_case(
    traders: Sequence[Trader],
    instruments: Sequence[Instrument],
    rulebooks: Mapping[str, Rulebook],
    assets: Mapping[str, AssetState],
    *,
    scenario: Scenario | None = None,
    states: Mapping[str, InstrumentState] | None = None,
    step_seconds: float = 60.0,
    **more: Any,
) -> Case:
    """A Case of exactly these accounts; ``assets`` without the quote currency, which is added."""
    known = {QUOTE: cash_asset(), **assets}
    market = Market(
        as_of=AS_OF,
        assets=known,
        instruments=dict(states or {}),
        scenario=scenario or Scenario(),
        correlation=more.pop("correlation", {}),
        jump_beta=more.pop("jump_beta", {}),
    )
    return Case(
        name="tiny",
        as_of=AS_OF,
        quote=QUOTE,
        step_seconds=step_seconds,
        book=book_of(traders, instruments, tuple(known)),
        market=market,
        rulebooks=rulebooks,
        limits=more.pop("limits", ()),
        crowds=more.pop("crowds", ()),
        digest="0" * 64,
        **more,
    )


def paths_of(case: Case, **prices: Sequence[float] | Sequence[Sequence[float]]) -> Floats:
    """Exogenous paths (p, s + 1, k) of the named assets; others stay at spot.

    One list of prices is one path, a list of lists several.
    """
    given = {name: np.atleast_2d(np.asarray(p, dtype=float)) for name, p in prices.items()}
    paths, columns = next(iter(given.values())).shape
    spot = np.array([case.market.assets[name].spot for name in case.book.assets])
    out = np.tile(spot, (paths, columns, 1))
    for name, price in given.items():
        out[:, :, case.book.assets.index(name)] = price
    return out


def run_case(case: Case, exogenous: Floats, **how: Any) -> tuple[Setup, Tape, State]:
    """Compile and run."""
    setup = prepare(case)
    tape, state = run(setup, exogenous, **how)
    return setup, tape, state


def events(tape: Tape, kind: EventKind | None = None) -> list[tuple[int, int, int, int]]:
    """(path, step, unit, kind) of each event, of one kind where given."""
    rows = zip(
        tape.path.tolist(), tape.step.tolist(), tape.unit.tolist(), tape.kind.tolist(), strict=True
    )
    return [row for row in rows if kind is None or row[3] == kind]


def unit_of(setup: Setup, account: int, settle: str = QUOTE) -> int:
    """The cross unit of an account that settles in this asset."""
    units = setup.table.units
    asset = setup.table.assets.index(settle)
    mine = (units.account == account) & ~units.isolated
    return int(np.flatnonzero(mine & (setup.table.feed_asset[units.settle] == asset))[0])
