"""Small Cases in memory: a few accounts, any rulebooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from seawall.book import AccountKind, Book
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
SOURCE = "made up by Seawall's fuzzer"


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


def cash_asset() -> AssetState:
    """The quote currency: 1 for ever."""
    return AssetState(1.0, 1.0, 1.0, 0.0, INFINITE, INFINITE)


def perpetual(name: str, underlying: str, inverse: bool = False) -> Perpetual:
    """A perpetual that settles in the quote currency, or in its coin."""
    return Perpetual(name, underlying, underlying if inverse else QUOTE)


def option(
    name: str, underlying: str, strike: float, call: bool, days: float, inverse: bool = False
) -> Option:
    """A European option that expires ``days`` after the Case's time."""
    settle = underlying if inverse else QUOTE
    return Option(name, underlying, settle, AS_OF + timedelta(days=days), strike, call)


def order_book(
    layers: tuple[str, ...],
    *,
    fund: float,
    liquidation: Liquidation,
    backstop: float = 0.0,
    tiers: tuple[Tier, ...] = (Tier(0.0, 50.0, 0.01),),
    feed: Feed = Feed(),  # noqa: B008 - frozen
    option_margin: OptionMargin | None = None,
    margin_price: PriceKind = PriceKind.MARK,
) -> Rulebook:
    """A venue of derivatives."""
    return Rulebook(
        name="tiny",
        source=SOURCE,
        as_of=date(2026, 1, 30),
        margin_price=margin_price,
        liquidation=liquidation,
        waterfall=Waterfall(layers, fund, backstop),
        default_tiers=tiers,
        feed=feed,
        option_margin=option_margin,
    )


def lender(
    collateral: Mapping[str, Collateral],
    layers: tuple[str, ...],
    *,
    fund: float,
    liquidation: Liquidation,
    feed: Feed,
) -> Rulebook:
    """A lending market."""
    return Rulebook(
        name="tiny-lender",
        source=SOURCE,
        as_of=date(2026, 1, 30),
        margin_price=PriceKind.ORACLE,
        liquidation=liquidation,
        waterfall=Waterfall(layers, fund),
        collateral=collateral,
        feed=feed,
    )


def book_of(
    traders: Sequence[Trader], instruments: Sequence[Instrument], assets: Sequence[str]
) -> Book:
    """Exactly these accounts, t0, t1 and so on, as columns."""
    names = [instrument.name for instrument in instruments]
    positions = [(a, p) for a, trader in enumerate(traders) for p in trader.positions]
    balances = [(a, k, q) for a, t in enumerate(traders) for k, q in t.balances.items()]
    kinds = tuple(AccountKind.DESK if t.owner else AccountKind.CROWD for t in traders)
    return Book(
        account_names=tuple(f"t{n}" for n in range(len(traders))),
        account_venue=tuple(trader.venue for trader in traders),
        account_owner=tuple(t.owner or f"t{n}" for n, t in enumerate(traders)),
        account_kind=kinds,
        instruments=tuple(instruments),
        assets=tuple(assets),
        position_account=np.array([a for a, _ in positions], dtype=np.int64),
        position_instrument=np.array([names.index(p.instrument) for _, p in positions], dtype=int),
        size=np.array([p.size for _, p in positions], dtype=float),
        entry=np.array([p.entry for _, p in positions], dtype=float),
        isolated=np.array([p.isolated_margin is not None for _, p in positions], dtype=bool),
        isolated_margin=np.array([p.isolated_margin or 0.0 for _, p in positions], dtype=float),
        balance_account=np.array([a for a, _, _ in balances], dtype=np.int64),
        balance_asset=np.array([list(assets).index(k) for _, k, _ in balances], dtype=np.int64),
        quantity=np.array([q for _, _, q in balances], dtype=float),
    )


def small_case(
    traders: Sequence[Trader],
    instruments: Sequence[Instrument],
    rulebooks: Mapping[str, Rulebook],
    assets: Mapping[str, AssetState],
    *,
    scenario: Scenario,
    states: Mapping[str, InstrumentState],
    correlation: Mapping[tuple[str, str], float],
    step_seconds: float = 60.0,
) -> Case:
    """A Case of exactly these accounts; ``assets`` without the quote currency, which is added."""
    known = {QUOTE: cash_asset(), **assets}
    market = Market(
        as_of=AS_OF,
        assets=known,
        instruments=dict(states),
        scenario=scenario,
        correlation=correlation,
        jump_beta={},
    )
    return Case(
        name="tiny",
        as_of=AS_OF,
        quote=QUOTE,
        step_seconds=step_seconds,
        book=book_of(traders, instruments, tuple(known)),
        market=market,
        rulebooks=rulebooks,
        limits=(),
        crowds=(),
        digest="0" * 64,
    )
