"""Dynamic margin inside the loop: which feeds are scaled, their open interest, their signals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seawall.book.book import Floats
from seawall.cascade.own.code import Own
from seawall.cascade.table import Chosen
from seawall.foundation.arrays import segment_sums
from seawall.foundation.errors import InputError
from seawall.margin.dynamic.scaling import (
    OPEN_INTEREST,
    DepthScaled,
    DynamicMargin,
    OpenInterestScaled,
    ScaleMemory,
    ScaleRule,
    VolatilityScaled,
    compile_scaling,
    start_scale,
)
from seawall.margin.table.margin_table import MarginTable, RowKind
from seawall.venues import Rulebook

# What stands in the columns of feeds whose factor a user's own rule sets.
NEUTRAL = VolatilityScaled(strength=0.0, cap=1.0)


def compile_dynamic(
    mechanisms: Sequence[Chosen],
    rulebooks: Sequence[Rulebook],
    table: MarginTable,
    step_seconds: float,
) -> ScaleRule | None:
    """Columns of all scaled feeds, None where no rulebook has dynamic margin.

    Raises InputError for a lending venue and for bounds of an asset that the market does not have.
    """
    rules: list[DynamicMargin] = []
    feeds = []
    for v, venue in enumerate(mechanisms):
        rule = venue.get("dynamic_margin")
        if isinstance(rule, Own):
            rule = NEUTRAL
        if not isinstance(rule, VolatilityScaled | DepthScaled | OpenInterestScaled):
            continue
        if rulebooks[v].liquidation.style == "keeper":
            raise InputError(
                f"rulebook {rulebooks[v].name} has dynamic_margin and lends",
                expected="dynamic_margin at venues of derivatives only: loans have no margin that "
                "venues move with the market",
            )
        mine = np.flatnonzero(table.feed_venue == v)
        bounds = rule.bounds if isinstance(rule, OpenInterestScaled) else {}
        for name in bounds:
            if name not in table.assets:
                raise InputError(
                    f"dynamic_margin of rulebook {rulebooks[v].name} bounds {name!r}",
                    expected=f"an asset of the market: {', '.join(table.assets)}",
                )
        rules += [rule] * mine.size
        feeds += mine.tolist()
    if not rules:
        return None
    feed = np.array(feeds, dtype=np.int64)
    asset = table.feed_asset[feed]
    names = [table.assets[k] for k in asset]
    return compile_scaling(rules, feed, asset, names, step_seconds)


def open_longs(rule: ScaleRule, table: MarginTable, size: Floats) -> tuple[Floats, Floats]:
    """Longs (p, m) on each scaled feed for sizes (p, r): units x multiplier of linear contracts,
    quote of inverse ones. Options have no part in it.
    """
    rows, count = table.rows, table.feed_asset.size
    held = np.maximum(size, 0.0)
    linear = np.where(rows.kind == RowKind.LINEAR, held * rows.multiplier, 0.0)
    inverse = np.where(rows.kind == RowKind.INVERSE, held, 0.0)
    longs = segment_sums(linear, rows.feed, count)[:, rule.feed]
    return longs, segment_sums(inverse, rows.feed, count)[:, rule.feed]


def begin_dynamic(rule: ScaleRule, table: MarginTable, size: Floats, price: Floats) -> ScaleMemory:
    """Memory at the start for sizes (p, r) and feed prices (p, f)."""
    longs, contracts = open_longs(rule, table, size)
    return start_scale(rule, price, longs, contracts)


def calm_margin(rule: ScaleRule | None, feeds: int) -> ScaleMemory | None:
    """The memory (1, ...) that every path begins with, whatever it holds and at any price; None
    without dynamic margin and where open interest counts.
    """
    if rule is None or np.any(rule.signal == OPEN_INTEREST):
        return None
    nobody = np.zeros((1, rule.feed.size))
    return start_scale(rule, np.ones((1, feeds)), nobody, nobody)


def on_paths(calm: ScaleMemory, paths: int) -> ScaleMemory:
    """The memory of one path on each of so many."""
    level, factor, first, longs, contracts, turn = (column.repeat(paths, axis=0) for column in calm)
    return ScaleMemory(level, factor, first, longs, contracts, turn)


def first_factor(rule: ScaleRule | None, table: MarginTable, price: Floats) -> Floats | None:
    """Factor (f,) on margin at the start, at feed prices (f,), for the sizes of ``table``."""
    if rule is None:
        return None
    factor: Floats = begin_dynamic(rule, table, table.rows.size[None, :], price[None, :]).factor[0]
    return factor
