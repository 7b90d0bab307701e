"""From a compiled Case to the records of the compiled loop, and what that loop does itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.expiry import expiry_steps
from seawall.cascade.fast import layout_kernel as layout
from seawall.cascade.fast.glances import compile_glances
from seawall.cascade.fast.guards import compile_guards
from seawall.cascade.reference import MAX_ROUNDS
from seawall.cascade.setup import Setup
from seawall.foundation.arrays import distinct
from seawall.margin.table.margin_table import RowKind

Ints32 = NDArray[np.int32]
# Liquidation prices are met a little early, so that rounding never delays a look.
EARLY = 1e-9


def compile_fixed(setup: Setup, steps: int, *, alone: Bools) -> layout.Fixed:
    """What all paths share, for a run of ``steps`` steps.

    alone (u,) units that sleep until their liquidation price is reached, see `priced_alone`.
    """
    rows = _rows(setup)
    fixed = layout.Fixed(
        rows=rows,
        tiers=_tiers(setup),
        units=_units(setup),
        venues=_venues(setup),
        contracts=layout.Contracts(
            setup.contract_venue,
            setup.contract_feed,
            setup.contract_factor,
            setup.contract_inverse,
            setup.contract_settle,
        ),
        impact=_impact(setup),
        feeds=layout.Feeds(
            np.ascontiguousarray(setup.table.feed_asset),
            setup.feed_rule.deviation,
            setup.feed_rule.heartbeat_steps,
            setup.feed_rule.delay_steps,
            setup.direct,
        ),
        wakes=_wakes(setup, alone),
        guards=compile_guards(setup, steps),
        glances=compile_glances(setup, rows.line),
        desk=setup.desk_units,
        expiry=expiry_steps(setup, steps),
        step_seconds=float(setup.step_seconds),
        quote=setup.quote,
        max_rounds=MAX_ROUNDS,
        scaled=setup.scaling is not None,
        wide=is_wide(setup),
    )
    whole: layout.Fixed = in_one_piece(fixed)
    return whole


def is_wide(setup: Setup) -> bool:
    """Whether some feed says by how much its price may be wrong.

    A venue may have the mechanism and no feed of its own that it could be about. Then there are no
    widths to read, and compiled code would read beyond an empty array.
    """
    return setup.oracles is not None and setup.oracles.rule.confidence.feed.size > 0


def in_one_piece(record: Any) -> Any:
    """The record with its arrays in one piece and writable, as compiled code is told they are.

    A setup that came from another process is read-only.
    """
    if isinstance(record, np.ndarray):
        return record if record.flags.carray else record.copy(order="C")
    if not isinstance(record, tuple):
        return record
    parts: dict[int, Any] = {}
    for n, part in enumerate(record):
        # Nearly every array is: each run of a few paths asks for some hundred.
        if isinstance(part, np.ndarray) and part.flags.carray:
            continue
        whole = in_one_piece(part)
        if whole is not part:
            parts[n] = whole
    if not parts:
        return record
    return type(record)(*(parts.get(n, part) for n, part in enumerate(record)))


def _rows(setup: Setup) -> layout.Rows:
    rows = setup.table.rows
    weight = setup.wake.weight[rows.feed]
    whole = (rows.kind, rows.feed, rows.tier)
    rest = (rows.multiplier, rows.rate, rows.slope, rows.shortfall, weight)
    sold = (rows.asset, rows.contract)
    line, lines = _lines(setup, (*whole, *rest, *sold))
    return layout.Rows(
        kind=np.asarray(rows.kind, dtype=np.int64),
        feed=rows.feed,
        asset=rows.asset,
        multiplier=rows.multiplier,
        rate=rows.rate,
        line=line,
        lines=lines,
        bonus=rows.bonus,
    )


def _lines(setup: Setup, columns: tuple[Floats | Ints, ...]) -> tuple[Ints32, Floats]:
    """Distinct rows of ten ``columns`` (r,) as lines (m, 10), and the line of each row (r,).

    Rows of one contract and sign are alike but for rare cases, which are then sorted out the slow
    way. Few lines stay in a core's nearest cache, where 80 bytes a row would not.
    """
    key = setup.table.rows.contract * 2 + (setup.table.rows.size < 0.0)
    _, first, line = distinct(key, int(key.max(initial=0)) + 1)
    lines = np.column_stack([column[first] for column in columns]).astype(np.float64)
    if not all(np.array_equal(column[first][line], column) for column in columns):
        whole = np.column_stack(columns).astype(np.float64)
        lines, line = np.unique(whole, axis=0, return_inverse=True)
    return line.astype(np.int32), lines


def _tiers(setup: Setup) -> layout.Tiers:
    tiers = setup.table.tiers
    starts = np.zeros_like(tiers.maintenance_rate) if tiers.start is None else tiers.start
    return layout.Tiers(
        tiers.maintenance_rate,
        tiers.maintenance_deduction,
        starts,
        tiers.in_coin,
        tiers.maintenance_rate.max(axis=1),
        tiers.start is not None,
    )


def _units(setup: Setup) -> layout.Units:
    units = setup.table.units
    settle_asset = setup.table.feed_asset[units.settle]
    head = [np.append(column, 0) for column in (units.settle, settle_asset, units.venue)]
    return layout.Units(
        head=np.column_stack([units.rows, *head]).astype(np.int32),
        rows=units.rows,
        venue=units.venue,
        settle=units.settle,
        has_options=np.diff(units.options) > 0,
        is_desk=setup.is_desk,
        always=setup.wake.always,
    )


def _venues(setup: Setup) -> layout.Venues:
    rules = [rulebook.liquidation for rulebook in setup.rulebooks]
    layers = [rulebook.waterfall.layers for rulebook in setup.rulebooks]
    return layout.Venues(
        native=np.array([closes_natively(setup, v) for v in range(len(rules))], dtype=bool),
        partial_fraction=np.array([rule.partial_fraction for rule in rules]),
        partial_above=np.array([rule.partial_above for rule in rules]),
        partial_steps=np.array(
            [-1 if rule.partial_steps is None else rule.partial_steps for rule in rules]
        ),
        cooldown=np.array(
            [max(1, math.ceil(rule.cooldown_seconds / setup.step_seconds)) for rule in rules]
        ),
        fee=np.array([float(rule.fee) for rule in rules]),
        taker_fee=np.array([float(rulebook.taker_fee) for rulebook in setup.rulebooks]),
        fee_to_keeper=np.array([rule.fee_to == "keeper" for rule in rules], dtype=bool),
        backstop_ratio=np.array(
            [
                rule.backstop_ratio if "backstop" in has and rule.backstop_ratio else -1.0
                for rule, has in zip(rules, layers, strict=True)
            ]
        ),
        adl=np.array(["adl" in has for has in layers], dtype=bool),
        fund_before_adl=np.array(
            ["adl" in has and "fund" in has[: has.index("adl")] for has in layers], dtype=bool
        ),
        fund_first=_first_payer(layers, "fund"),
        backstop_first=_first_payer(layers, "backstop"),
        called=np.array(
            [
                rule.style == "keeper" and not slots
                for rule, slots in zip(rules, setup.mechanisms, strict=True)
            ],
            dtype=bool,
        ),
        gas=np.array([float(rule.gas) for rule in rules]),
        close_factor=np.array([float(rule.close_factor) for rule in rules]),
        full_below=np.array([float(rule.full_below) for rule in rules]),
    )


def _first_payer(layers: list[tuple[str, ...]], layer: str) -> Bools:
    """Whether a layer is the first that pays deficits, by venue (v,)."""
    first = [[one for one in has if one != "adl"][:1] for has in layers]
    return np.array([one == [layer] for one in first], dtype=bool)


def closes_natively(setup: Setup, v: int) -> bool:
    """Whether the compiled loop closes accounts of venue ``v``: forced orders, no slot."""
    return setup.rulebooks[v].liquidation.style == "orderbook" and not setup.mechanisms[v]


def _impact(setup: Setup) -> layout.Impact:
    rule = setup.impact
    return layout.Impact(
        depth=rule.depth,
        strength=np.asarray(rule.strength, dtype=np.float64),
        expected_move=rule.expected_move,
        decay=float(rule.decay),
        permanent_share=float(rule.permanent_share),
        thinning=float(rule.thinning),
        volatility_weight=float(rule.volatility_weight),
        square_root=rule.square_root,
    )


def priced_alone(setup: Setup) -> Bools:
    """True (u,) for units of one linear position in quote: they have a liquidation price.

    Not where margin jumps at a tier or grows with size, nor where a mechanism moves margin: those
    units are woken by displacement.
    """
    if setup.scaling is not None or is_wide(setup):
        return np.zeros(setup.table.units.account.size, dtype=bool)
    rows, units, tiers = setup.table.rows, setup.table.units, setup.table.tiers
    single = np.diff(units.rows) == 1
    row = units.rows[:-1][single]
    fit = (
        (rows.kind[row] == RowKind.LINEAR)
        & (rows.slope[row] == 0.0)
        & (tiers.maintenance_rate.max(axis=1)[rows.tier[row]] < 1.0)
        & ~tiers.jumps()[rows.tier[row]]
    )
    out = np.zeros(single.size, dtype=bool)
    out[single] = fit
    out &= (np.diff(units.options) == 0) & ~setup.wake.always
    out &= setup.table.feed_asset[units.settle] == setup.quote
    if rows.size.size == 0:  # options alone
        return out
    # One side in every world: the lists of all worlds have the same lengths.
    size = setup.start_size[:, units.rows[:-1].clip(max=rows.size.size - 1)]
    out &= np.all(size > 0.0, axis=0) | np.all(size < 0.0, axis=0)
    return out


def liquidation_prices(setup: Setup, unit: Ints) -> Floats:
    """Feed prices (w, n) at which units (n,) of one linear position breach, before funding.

    Buffer = min over lines of (cash + deduction) + size x price x multiplier - rate x notional.
    """
    rows, tiers = setup.table.rows, setup.table.tiers
    row = setup.table.units.rows[unit]
    size = setup.start_size[:, row, None]
    cash = setup.start_cash[:, unit, None]
    rate = tiers.maintenance_rate[rows.tier[row]]
    rest = cash + tiers.maintenance_deduction[rows.tier[row]]
    per_price = np.abs(size) * rows.multiplier[row][:, None]
    falls = np.max(-rest / (per_price * (1.0 - rate)), axis=2)
    rises = np.min(rest / (per_price * (1.0 + rate)), axis=2)
    prices: Floats = np.where(size[:, :, 0] > 0.0, falls, rises)
    return prices


def _wakes(setup: Setup, alone: Bools) -> layout.Wakes:
    rule, feeds = setup.wake, setup.table.feed_asset.size
    unit = np.flatnonzero(alone)
    price = liquidation_prices(setup, unit)
    feed = setup.table.rows.feed[setup.table.units.rows[unit]]
    longs = setup.start_size[0, setup.table.units.rows[unit]] > 0.0
    fall_first, fall_price, fall_unit = _sorted(unit[longs], price[:, longs], feed[longs], feeds)
    rise_first, rise_price, rise_unit = _sorted(
        unit[~longs], -price[:, ~longs], feed[~longs], feeds
    )
    far = ~alone[rule.unit_of_rank]
    clock = rule.clock[rule.unit_of_rank[far]]
    return layout.Wakes(
        fall_first=fall_first,
        fall_price=fall_price + EARLY * np.abs(fall_price),
        fall_unit=fall_unit,
        rise_first=rise_first,
        rise_price=-rise_price - EARLY * np.abs(rise_price),
        rise_unit=rise_unit,
        funding=_funding(setup, unit, feed),
        far_first=np.searchsorted(clock, np.arange(feeds + 2)),
        threshold=rule.threshold[far],
        far_unit=rule.unit_of_rank[far],
        weight=rule.weight,
        per_weight=1.0 / rule.weight,
        drift=rule.drift,
    )


def _funding(setup: Setup, unit: Ints, feed: Ints) -> Floats:
    """By how much (f,) one price-second of accrued funding moves a liquidation price at most."""
    rows, tiers = setup.table.rows, setup.table.tiers
    row = setup.table.units.rows[unit]
    top = tiers.maintenance_rate.max(axis=1)[rows.tier[row]]
    out = np.zeros(setup.table.feed_asset.size)
    np.maximum.at(out, feed, np.abs(rows.rate[row]) / (1.0 - top) * (1.0 + EARLY))
    return out


def _sorted(unit: Ints, price: Floats, feed: Ints, feeds: int) -> tuple[Ints, Floats, Ints]:
    """First place of each feed (f + 1,), prices (w, n) from the top within a feed, and units."""
    order = np.argsort(feed, kind="stable")
    unit, price, feed = unit[order], price[:, order], feed[order]
    first = np.searchsorted(feed, np.arange(feeds + 1))
    places = np.empty(price.shape, dtype=np.int64)
    for w in range(price.shape[0]):
        places[w] = np.lexsort((-price[w], feed))
    return first, np.take_along_axis(price, places, axis=1), unit[places]
