"""Tiny Cases in memory, for laws and hand-worked examples: a few accounts, any rulebooks.

`tiny_case` builds a Case from lists; `paths_of` builds exogenous paths from price lists;
`run_case` compiles and runs. `random_cases.py` draws whole Cases on top of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.book import AccountKind, Book
from seawall.cascade.engine import prepare
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, Tape
from seawall.case import Case
from seawall.foundation.pricekind import PriceKind
from seawall.instruments import Instrument, Option, Perpetual
from seawall.market import AssetState, Market, Scenario
from seawall.market.state import InstrumentState
from seawall.venues import Collateral, Feed, Liquidation, OptionMargin, Rulebook, Tier, Waterfall

Floats = NDArray[np.float64]
AS_OF = datetime(2026, 1, 30, 16, tzinfo=UTC)
INFINITE = float("inf")
QUOTE = "USD"


@dataclass(frozen=True)
class Held:
    """A position: signed size, entry price, and its own margin where it is isolated."""

    instrument: str
    size: float
    entry: float
    isolated_margin: float | None = None


@dataclass(frozen=True)
class Trader:
    """An account: where it trades, what it holds, whose it is (a desk has an owner)."""

    venue: str
    positions: Sequence[Held] = ()
    balances: Mapping[str, float] = field(default_factory=dict)
    owner: str = ""


def coin(spot: float, depth: float = INFINITE, volatility: float = 0.6, **more: Any) -> AssetState:
    """An asset that moves; infinitely deep unless told."""
    return AssetState(spot, spot, spot, volatility, depth, more.pop("daily_volume", depth), **more)


def cash_asset(**more: Any) -> AssetState:
    """The quote currency: 1 for ever."""
    return AssetState(1.0, 1.0, 1.0, 0.0, INFINITE, INFINITE, **more)


def perpetual(name: str, underlying: str, inverse: bool = False) -> Perpetual:
    return Perpetual(name, underlying, underlying if inverse else QUOTE)


def option(
    name: str, underlying: str, strike: float, call: bool, days: float, inverse: bool = False
) -> Option:
    settle = underlying if inverse else QUOTE
    return Option(name, underlying, settle, AS_OF + timedelta(days=days), strike, call)


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


OPTION_MARGIN = OptionMargin(
    initial_base=0.15,
    initial_floor=0.1,
    maintenance_base=0.075,
    perp_initial=0.02,
    perp_maintenance=0.01,
    perp_slope=5e-5,
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
    names = [instrument.name for instrument in instruments]
    known = {QUOTE: cash_asset(), **assets}
    positions = [(a, p) for a, trader in enumerate(traders) for p in trader.positions]
    balances = [(a, k, q) for a, t in enumerate(traders) for k, q in t.balances.items()]
    kinds = tuple(AccountKind.DESK if t.owner else AccountKind.CROWD for t in traders)
    book = Book(
        account_names=tuple(f"t{n}" for n in range(len(traders))),
        account_venue=tuple(trader.venue for trader in traders),
        account_owner=tuple(t.owner or f"t{n}" for n, t in enumerate(traders)),
        account_kind=kinds,
        instruments=tuple(instruments),
        assets=tuple(known),
        position_account=np.array([a for a, _ in positions], dtype=np.int64),
        position_instrument=np.array([names.index(p.instrument) for _, p in positions], dtype=int),
        size=np.array([p.size for _, p in positions], dtype=float),
        entry=np.array([p.entry for _, p in positions], dtype=float),
        isolated=np.array([p.isolated_margin is not None for _, p in positions], dtype=bool),
        isolated_margin=np.array([p.isolated_margin or 0.0 for _, p in positions], dtype=float),
        balance_account=np.array([a for a, _, _ in balances], dtype=np.int64),
        balance_asset=np.array([list(known).index(k) for _, k, _ in balances], dtype=np.int64),
        quantity=np.array([q for _, _, q in balances], dtype=float),
    )
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
        book=book,
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
