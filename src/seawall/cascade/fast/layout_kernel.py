"""What the compiled loop works on: records of arrays, the memory of the plain loop's state.

Every record is a NamedTuple, which compiled code understands; its Numba type is below. Shapes:
p paths, k assets, f feeds, v venues, u units (margin accounts), r rows, c contracts, w worlds,
x tier tables, t lines of a table. Booleans are stored as such, indices as 64-bit integers.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]


class Rows(NamedTuple):
    """Positions and balances (r,), as in `seawall.margin.table.margin_table.Rows`."""

    kind: Array
    feed: Array
    asset: Array
    multiplier: Array
    rate: Array
    line: Array  # (r,) int32 row of ``lines``
    lines: Array  # (m, 10) what an assessment and a sale need; rows of one contract share a line
    bonus: Array  # liquidation bonus of the asset as collateral


# Columns of Rows.lines: whole numbers first, then multiplier, rate, slope, shortfall, the weight of
# the row's feed in the wake clock, and two whole numbers that only a sale asks for.
KIND, FEED, TIER, MULTIPLIER, RATE, SLOPE, SHORTFALL, WEIGHT, ASSET, CONTRACT = range(10)
# Columns of Units.head.
FIRST_ROW, SETTLE, SETTLE_ASSET, VENUE = range(4)


class Tiers(NamedTuple):
    """Lines (x, t) of each tier table; starts is all zeros where no table jumps."""

    rate: Array
    deduction: Array
    starts: Array
    in_coin: Array  # (x,)
    top_rate: Array  # (x,) largest maintenance rate
    jumping: bool


class Units(NamedTuple):
    """Margin accounts (u,)."""

    head: Array  # (u + 1, 4) int32 first row, settlement feed and asset, venue: in one cache line
    rows: Array  # (u + 1,)
    venue: Array
    settle: Array  # feed
    has_options: Array
    is_desk: Array
    always: Array  # no bound fits: looked at in every round


class Venues(NamedTuple):
    """How each venue closes accounts (v,)."""

    native: Array  # the compiled loop may close its accounts, else it hands them over
    partial_fraction: Array
    partial_above: Array
    partial_steps: Array  # -1: until healthy
    cooldown: Array  # steps, at least 1
    fee: Array
    taker_fee: Array
    fee_to_keeper: Array
    backstop_ratio: Array  # -1: no vault
    adl: Array
    fund_before_adl: Array
    fund_first: Array  # the fund is the first layer that pays deficits
    backstop_first: Array  # the vault is
    called: Array  # keepers call its loans, and no slot of it says how
    gas: Array  # of a keeper's transaction, quote
    close_factor: Array
    full_below: Array  # health factor at or below which all debt may be repaid


class Contracts(NamedTuple):
    """How each contract is quoted (c,), as in `seawall.cascade.setup.Setup`."""

    venue: Array
    feed: Array
    factor: Array
    inverse: Array
    settle: Array  # feed


class Impact(NamedTuple):
    """Market rule, (k,) and scalars: see `seawall.cascade.setup.ImpactRule`."""

    depth: Array
    strength: Array
    expected_move: Array
    decay: float
    permanent_share: float
    thinning: float
    volatility_weight: float
    square_root: bool


class Feeds(NamedTuple):
    """Oracle rule (f,)."""

    asset: Array
    deviation: Array
    heartbeat: Array
    delay: Array
    direct: Array


class Wakes(NamedTuple):
    """When a sleeping unit must be looked at.

    Units of one linear position sleep until their feed reaches their liquidation price: (w, n)
    prices and units per feed, falling ones sorted from the top, rising ones from the bottom. The
    others sleep until a feed is further from its start than their threshold, sorted by clock (one
    per feed, the last for all feeds).
    """

    fall_first: Array  # (f + 1,)
    fall_price: Array  # (w, n)
    fall_unit: Array  # (w, n)
    rise_first: Array
    rise_price: Array
    rise_unit: Array
    funding: Array  # (f,) most that a price-second of funding moves a liquidation price
    far_first: Array  # (f + 2,)
    threshold: Array  # (m,) by rank
    far_unit: Array  # (m,)
    weight: Array  # (f,)
    per_weight: Array  # (f,) its inverse
    drift: Array  # (f + 1,)


class Guards(NamedTuple):
    """Bounds of what short options take from a unit's buffer, so that most steps need no pricing.

    most (t, slices, cells) is the largest requirement of one short unit of a contract, for all
    prices of a cell and all times of a slice.
    """

    known: Array  # (u,) whether the bounds hold for a unit
    options: Array  # (u + 1,) options of each unit
    feed: Array  # (o,)
    origin: Array  # (o,) price at which cell 1 / width begins
    table: Array  # (o,) which of ``most``; -1: none, the option was not short at the start
    most: Array  # (t, slices, cells)
    width: float  # of a cell, as a share of the origin
    slice_steps: int


class Glances(NamedTuple):
    """Who can be judged at a glance, see `seawall.cascade.fast.glance_kernel`; n places."""

    known: Array  # (u,) whether a unit can
    place: Array  # (r,) int32 place of each row
    line: Array  # (n,) row of ``Rows.lines``
    short: Array  # (n,)
    first_tier: Array  # (x,) notional up to which margin is the first rate


class Fixed(NamedTuple):
    """Everything that all paths share."""

    rows: Rows
    tiers: Tiers
    units: Units
    venues: Venues
    contracts: Contracts
    impact: Impact
    feeds: Feeds
    wakes: Wakes
    guards: Guards
    glances: Glances
    desk: Array  # (d,) desk units
    expiry: Array  # (s + 1,) something expires at this step
    step_seconds: float
    quote: int
    max_rounds: int
    scaled: bool  # margin is dynamic somewhere
    wide: bool  # some feed has a width


class Books(NamedTuple):
    """Holdings and system accounts of every path."""

    size: Array  # (p, r)
    option_size: Array  # (p, o)
    cash: Array  # (p, u)
    ready: Array  # (p, u) int32
    tried: Array  # (p, u) int32
    book: Array  # (p, v, k)
    outside: Array
    keeper: Array
    fund: Array
    backstop: Array
    contracts: Array  # (p, c)
    vault_contracts: Array  # (p, c)
    start: Array  # (p,) world's start


class Prices(NamedTuple):
    """Prices of every path now."""

    exogenous: Array  # (p, k)
    market: Array
    temporary: Array
    permanent: Array
    restlessness: Array
    depth: Array  # (p,) factor
    fresh: Array  # (p,)
    trace: Array  # (p,) orders move the market price
    slippage: Array  # (p,) orders pay for the depth they take
    feed: Array  # (p, f)
    integral: Array
    scale: Array  # (p, f) factor on maintenance, where margin is dynamic, else empty
    width: Array  # (p, f) by which prices are taken against the holder, where feeds say so
    sent: Array
    age: Array
    ring: Array  # (d, p, f)


class Awake(NamedTuple):
    """Which units of every path are awake, and what the others wait for."""

    fall_next: Array  # (p, f) first of the falling list that still sleeps
    rise_next: Array
    far_next: Array  # (p, f + 1) first rank that still sleeps
    reached: Array  # (p, f + 1) largest displacement
    origin: Array  # (p, f)
    clock: Array  # (p,)
    unit: Array  # (p, u) int32, the first number[p] are awake
    level: Array  # (p, u or a little more) float32 clock at which to look again, inf beyond
    place: Array  # (p, u) int32 place in the list + 1; 0: asleep
    number: Array  # (p,)
    low: Array  # (p, f) between these feed prices nobody who sleeps wakes
    high: Array
    until: Array  # (p,) last step for which these hold


class Log(NamedTuple):
    """Events in the order in which they happened on each path, and the number of each kind."""

    events: Array  # (n, 4) path, step, unit, kind
    money: Array  # (n, 5) notional, fee, keeper, fund, backstop
    covers: Array  # (m, 2) path, unit: closed with a deficit that the fund cannot pay
    used: Array  # (2,) rows of events, of covers


class Course(NamedTuple):
    """Where each path stands and what is kept of its way."""

    step: Array  # (p,) the step to do next
    inside: Array  # (p,) True: the step's prices are there, go on with its rounds
    rounds: Array  # (p,) rounds done in this step
    status: Array  # (p,)
    equity: Array  # (p, s + 1, d)
    trough: Array  # (p, k)
    peak: Array
    seen: Array  # (p, s + 1, f) feed prices, where options of a desk need them


class Room(NamedTuple):
    """Working room of one call."""

    due: Array  # (u,)
    work: Array  # (4, u) equity, maintenance, shares, notionals of the units to close
    market: Array  # (2, k) flow, execution price
    before: Array  # (f,) feed prices before a move
    lines: Array  # (u, 16) float32 what the last look at a unit read
    worth: Array  # (n, 2) what one unit of size at a place adds to buffer and exposure
    stamp: Array  # (2,) of the lines that hold, see `seawall.cascade.fast.glance_kernel`
    resting: Array  # (u + 1,) how many were cut in this step and wait for the next one, then who
    alike: bool  # all paths of a world begin with the same holdings


SHORT = {"i": "int64", "f": "float64", "b": "boolean", "j": "int32", "g": "float32"}
SPECS = {
    Rows: "i1 i1 i1 f1 f1 j1 f2 f1",
    Tiers: "f2 f2 f2 b1 f1 b0",
    Units: "j2 i1 i1 i1 b1 b1 b1",
    Venues: "b1 f1 f1 i1 i1 f1 f1 b1 f1 b1 b1 b1 b1 b1 f1 f1 f1",
    Contracts: "i1 i1 f1 b1 i1",
    Impact: "f1 f1 f1 f0 f0 f0 f0 b0",
    Feeds: "i1 f1 f1 i1 b1",
    Wakes: "i1 f2 i2 i1 f2 i2 f1 i1 f1 i1 f1 f1 f1",
    Guards: "b1 i1 i1 f1 i1 f3 f0 i0",
    Glances: "b1 j1 i1 b1 f1",
    Books: "f2 f2 f2 j2 j2 f3 f3 f3 f3 f3 f2 f2 i1",
    Prices: "f2 f2 f2 f2 f2 f1 b1 b1 b1 f2 f2 f2 f2 f2 i2 f3",
    Awake: "i2 i2 i2 f2 f2 f1 j2 g2 j2 i1 f2 f2 i1",
    Log: "i2 f2 i2 i1",
    Room: "i1 f2 f2 f1 g2 f2 i1 i1 b0",
    Course: "i1 b1 i1 i1 f3 f2 f2 f3",
}


def _member(word: str) -> Any:
    from numba import types

    scalar = getattr(types, SHORT[word[0]])
    return types.Array(scalar, int(word[1]), "C") if word[1] != "0" else scalar


def record_type(cls: type) -> Any:
    """The Numba type of one of the records above."""
    from numba import types

    named: Any = types.NamedTuple
    if cls is Fixed:
        inner = (Rows, Tiers, Units, Venues, Contracts, Impact, Feeds, Wakes, Guards, Glances)
        members = [record_type(one) for one in inner]
        members += [_member(word) for word in ("i1", "b1", "f0", "i0", "i0", "b0", "b0")]
        return named(members, cls)
    return named([_member(word) for word in SPECS[cls].split()], cls)


def types_of(*parts: type | str) -> tuple[Any, ...]:
    """Numba types of a kernel's arguments: records by class, arrays by the short words above."""
    return tuple(_member(part) if isinstance(part, str) else record_type(part) for part in parts)
