"""The fan: where the market price of an asset stands over time on the run's paths.

Quantiles over paths at some sixty moments of what a venue's feed shows, beside the quantile of the
price that nobody's orders have moved: on the same paths, so the gap between the two is what crowd
and desk add to the tail. A feed that shows the market price itself is taken where there is one;
otherwise the fan is that of a feed's published price, and there is no price to hold it against.

A quantile at each moment belongs to no path: a path that is the lowest now may have risen by then,
and the chance of having touched a level on the way is larger than the fan says. Wrong in its
outermost quantiles where paths are few: ``tail_paths`` says on how many each rests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seawall.cascade.setup import Setup
from seawall.cascade.watch import Watch
from seawall.exposure.summary import Summary
from seawall.exposure.tail.sample import quantile_ends

LEVELS = (0.01, 0.05, 0.25, 0.50, 0.75, 0.95, 0.99)
OUTERMOST = 0.01
MOMENTS = 61
# Fans in the result: that of the asset that breaks first, and others.
MOST_ASSETS = 6


def watch_of(setup: Setup, assets: Sequence[str], steps: int) -> Watch:
    """Prices to note for the fans: one feed for each asset, at MOMENTS steps or all of fewer.

    assets: those whose fan is wanted in any case; what the desk's accounts hold comes along.
    """
    rows, volatile = setup.table.rows, setup.case.market.assets
    held = rows.asset[setup.is_desk[rows.unit]]
    names = [setup.table.assets[k] for k in dict.fromkeys(held.tolist())]
    chosen = [name for name in dict.fromkeys([*assets, *names]) if volatile[name].volatility > 0.0]
    feeds = [_feed(setup, setup.table.assets.index(name)) for name in chosen]
    moments = np.unique(np.round(np.linspace(0, steps, min(MOMENTS, steps + 1))).astype(np.int64))
    return Watch(np.array([f for f in feeds if f is not None], dtype=np.int64), moments)


def _feed(setup: Setup, asset: int) -> int | None:
    """The feed to watch for an asset: one that shows the market price, else the first there is."""
    mine = np.flatnonzero(setup.table.feed_asset == asset)
    if mine.size == 0:
        return None
    shows = mine[setup.direct[mine]]
    return int(shows[0] if shows.size else mine[0])


def fan_block(
    setup: Setup, kept: Summary, watch: Watch, rows: Sequence[Mapping[str, Any]], focus: str
) -> dict[str, Any] | None:
    """The `fan` block; None where no price was noted.

    kept: of the base world; rows: `first_to_break`; focus: the asset whose fan stands first.
    """
    names = [setup.table.assets[k] for k in setup.table.feed_asset[watch.feed]]
    if not names or not kept.paths:
        return None
    order = [focus] if focus in names else []
    order += [name for name in names if name not in order]
    count = kept.paths
    return {
        "times_seconds": (watch.step * setup.step_seconds).tolist(),
        "levels": list(LEVELS),
        "paths": count,
        "tail_paths": int(OUTERMOST * count),
        "focus": order[0],
        "assets": {
            name: _asset(setup, kept, watch, names.index(name), rows)
            for name in order[:MOST_ASSETS]
        },
        "liquidated": np.quantile(kept.closed, LEVELS, axis=0).tolist(),
    }


def _asset(
    setup: Setup, kept: Summary, watch: Watch, column: int, rows: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The fan of one asset, from the column of its feed."""
    feed = int(watch.feed[column])
    name = setup.table.assets[int(setup.table.feed_asset[feed])]
    market = bool(setup.direct[feed]) and setup.market_rules.links is None
    seen = kept.seen[:, :, column]
    low, high = quantile_ends(np.sort(seen[:, -1]), OUTERMOST, kept.paths)
    return {
        "venue": setup.table.venues[int(setup.table.feed_venue[feed])],
        "shows": "market" if market else "feed",
        "start": float(setup.spot[int(setup.table.feed_asset[feed])]),
        "quantiles": np.quantile(seen, LEVELS, axis=0).tolist(),
        "lowest_low": low,
        "lowest_high": high,
        "without_orders": np.quantile(kept.untouched[:, :, column], OUTERMOST, axis=0).tolist()
        if market
        else None,
        "liquidation": _line(name, rows),
    }


def _line(asset: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The liquidation price of the leg in this asset that is the likeliest to break first."""
    for row in rows:
        if row["underlying"] == asset and row["liquidation_price"] is not None:
            keys = ("account", "instrument", "side", "probability")
            return {key: row[key] for key in keys} | {"price": row["liquidation_price"]}
    return None
