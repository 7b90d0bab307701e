"""The margin table: one row per position or balance, grouped by margin account, ready to assess.

A *unit* is one margin account as the venue tests it: the cross positions and balances of an account
that settle in one asset, or one isolated position. Profit is folded into cash: a unit's cash starts
as balance - sum(size x entry), so that equity = cash + sum(size x price) and a trade changes only
size and cash. Loans, perpetuals and inverse contracts are then the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from seawall.book.book import Bools, Floats, Ints
from seawall.margin.tiered.lines import TierLines
from seawall.venues import OptionMargin


class RowKind(IntEnum):
    """How a row is worth: linear size x price, inverse -size / price (in coin), balance."""

    LINEAR = 0
    INVERSE = 1
    BALANCE = 2


@dataclass(frozen=True)
class Units:
    """Margin accounts: (u,) each.

    account  index in the book; venue index in ``MarginTable.venues``
    settle   feed of the settlement asset; cash (u,) in settlement units, entries folded in
    rows     (u + 1,) first row of each unit; options (u + 1,) first option of each unit
    isolated True where the unit is one isolated position
    """

    account: Ints
    venue: Ints
    settle: Ints
    cash: Floats
    rows: Ints
    options: Ints
    isolated: Bools


@dataclass(frozen=True)
class Rows:
    """Derivatives and balances, sorted by unit: (r,) each.

    unit, kind, feed; multiplier = margin price / feed price (basis); size signed
    rate       funding (longs pay) or minus the borrow rate (debts), per second
    tier       row of ``MarginTable.tiers``; slope margin rate per coin of size (Deribit)
    years      to expiry at the start (dated futures), infinite for the others
    shortfall, initial_shortfall   1 - liquidation threshold, 1 - loan-to-value (balances)
    bonus      liquidation bonus of the asset as collateral
    contract   index in ``MarginTable.contracts``; asset index in ``MarginTable.assets``
    position, balance   row in the book, -1 if none; entry price (positions)
    """

    unit: Ints
    kind: Ints
    feed: Ints
    multiplier: Floats
    size: Floats
    rate: Floats
    tier: Ints
    slope: Floats
    years: Floats
    shortfall: Floats
    initial_shortfall: Floats
    bonus: Floats
    contract: Ints
    asset: Ints
    position: Ints
    balance: Ints
    entry: Floats


@dataclass(frozen=True)
class OptionRows:
    """Options, sorted by unit: (o,) each.

    feed of the underlying; forward_ratio = forward / spot; strike; call; inverse; years to expiry
    at the start; volatility at the start and its slope in spot; half_spread in volatility.
    """

    unit: Ints
    feed: Ints
    asset: Ints
    contract: Ints
    size: Floats
    forward_ratio: Floats
    strike: Floats
    call: Bools
    inverse: Bools
    years: Floats
    volatility: Floats
    slope: Floats
    half_spread: Floats
    position: Ints
    entry: Floats
    venue: Ints


@dataclass(frozen=True)
class MarginTable:
    """Everything margin needs, compiled once per Case.

    venues, assets            names
    contracts                 (venue index, instrument or asset name): what nets against the book
    feed_venue, feed_asset    (f,) which venue sees which asset's price
    option_rules              {venue index: OptionMargin}
    """

    venues: tuple[str, ...]
    assets: tuple[str, ...]
    contracts: tuple[tuple[int, str], ...]
    feed_venue: Ints
    feed_asset: Ints
    tiers: TierLines
    units: Units
    rows: Rows
    options: OptionRows
    option_rules: dict[int, OptionMargin]
    default_tier_instruments: tuple[str, ...]
