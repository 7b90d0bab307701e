"""Parts of DRE: price alone, and what each of four channels adds, with an interval each.

Price always moves. Each coalition of the channels that a Case has is a world (`channels.py`), run
on the same random numbers as the base. A path is impaired in a world or not, which makes a game of
it, and its Shapley value of a channel, in [-1, 1], is what the channel adds on that path. Parts are
means over paths; with tilted paths, of values times weights.

    channel = mean over the subset of phi,      price = total - sum of the channels

The subset are the first paths of the run, because each channel doubles the worlds. The total is
that of all paths; the sum of the channels is the subset's total less its price alone, so price is
the total of all plus a difference on common paths: the base serves as a control variate.

Where the subset's channels are together more than the total, price alone would be below zero,
which it cannot be: the channels are then scaled back until it is zero (one, likewise). Intervals
are those before that, widened to hold the value that is shown. A channel that a Case does not have
is exactly zero. Intervals hold the noise of the paths, not what is not known of the inputs.

Sources: Shapley (1953), "A value for n-person games"; intervals: `signed_interval.py`.
Wrong when: channels are read as causes that could be removed one by one. Interactions are shared
equally among those that take part (a liquidation that needs a late oracle and a thin book counts
half for each). What a channel is, is a convention: docs/decisions/016-parts-of-dre.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.engine import World
from seawall.cascade.setup import Setup
from seawall.exposure.channels import CHANNELS, channels_of, world_with
from seawall.exposure.curve import last_step
from seawall.exposure.shapley import coalitions, exact
from seawall.exposure.signed_interval import Mean, mean_of, signed_interval
from seawall.exposure.weighted import ROUNDING, PathWeights
from seawall.foundation.errors import InputError

# Without an option: a quarter of the paths, and at least this many where there are as many.
LEAST_PATHS = 100
# Beyond this many margin accounts x paths of one world they are fewer, but never below the next.
MOST_ACCOUNTS = 4_000_000
FEWEST_PATHS = 25


def parts_paths(paths: int, asked: int | None, units: int) -> int:
    """Paths of each world of the parts, the first of a run of ``paths``, for so many accounts.

    Raises InputError for a number that is not among them.
    """
    if asked is None:
        wanted = max(LEAST_PATHS, paths // 4)
        return min(paths, wanted, max(FEWEST_PATHS, MOST_ACCOUNTS // max(units, 1)))
    if not 1 <= asked <= paths:
        raise InputError(
            f"parts from {asked:,} paths of {paths:,}", expected=f"a number from 1 to {paths:,}"
        )
    return asked


def part_worlds(setup: Setup) -> tuple[World, ...]:
    """The worlds of every coalition of a Case's channels but all of them, which is the base."""
    names = channels_of(setup)
    who = coalitions(len(names))[:-1]
    return tuple(_world(names, _together(names, row)) for row in who)


def _world(names: tuple[str, ...], on: set[str]) -> World:
    """The world of one coalition. Without liquidity an order meets no depth where no trace of it
    could be: linked venues then show the common price, whether crowd is off or not in the Case.
    """
    world = world_with(on | _absent(names))
    deep = "liquidity" in names and not on & {"liquidity", "crowd"}
    return replace(world, depth=math.inf) if deep else world


def _together(names: tuple[str, ...], row: np.ndarray) -> set[str]:
    return {name for name, inside in zip(names, row, strict=True) if inside}


def _absent(names: tuple[str, ...]) -> set[str]:
    """Channels that a Case does not have stay as they are, so that nothing is asked of them."""
    return set(CHANNELS) - set(names)


@dataclass(frozen=True)
class Split:
    """What the parts of every scope are made from.

    channels  that the Case has               paths   plain paths of each world
    which     (m,) of all the paths, those that the worlds share with the base
    weights   of those                        whole   of all the paths
    """

    channels: tuple[str, ...]
    paths: int
    which: Ints
    weights: PathWeights
    whole: PathWeights


def plain_split(setup: Setup, paths: int, subset: int, steps: int) -> Split:
    """The first ``subset`` of plain paths, which all count the same."""

    def of(count: int) -> PathWeights:
        same = np.broadcast_to(1.0, (count, steps + 1))
        return PathWeights(same, np.zeros(count, dtype=np.int64))

    return Split(channels_of(setup), subset, np.arange(subset), of(subset), of(paths))


def parts_of(
    split: Split,
    base: Ints,
    worlds: list[Ints],
    block: dict[str, Any],
    seconds: list[float],
    step_seconds: float,
) -> list[dict[str, Any]]:
    """Parts of one scope at each horizon, from steps of first impairment.

    base (n,) of all paths; worlds: (m,) of each coalition of `part_worlds`; block: the scope's
    curve, with ``probability``, ``low`` and ``high``.
    """
    table = np.stack([*worlds, base[split.which]])
    out = []
    for i, horizon in enumerate(seconds):
        step = last_step(horizon, step_seconds)
        total = block["probability"][i]
        ends = {"total": (block["low"][i], block["high"][i])}
        values = np.stack([_values(row, step, split.weights) for row in table])
        phi = exact(values)
        found = {name: float(phi[j].mean()) for j, name in enumerate(split.channels)}
        most = _most(values, split.weights)
        for j, name in enumerate(split.channels):
            ends[name] = signed_interval(_known(mean_of(phi[j], split.weights.component, most)))
        beyond = mean_of(phi.sum(axis=0), split.weights.component, most)
        ends["beyond_price"] = signed_interval(_known(beyond)) if found else (0.0, 0.0)
        whole = _values(base, step, split.whole)
        ends["price"] = _price_interval(split, whole, values, most) if found else ends["total"]
        out.append(_entry(total, found, ends))
    return out


def _values(step_of: Ints, step: int, weights: PathWeights) -> Floats:
    """The weight (p,) of each path that is impaired by a step; of the others 0."""
    hit = np.flatnonzero(step_of <= step)
    values = np.zeros(step_of.size)
    values[hit] = weights.at[hit, step_of[hit]]
    return values


def _most(values: Floats, weights: PathWeights) -> float:
    """The most that one more path could count: the largest weight seen where pushes lead to all
    that impairs, else the largest that there can be.
    """
    seen = float(values.max(initial=0.0))
    led_there = weights.pushed_all and 0.0 < seen <= 1.0 + ROUNDING
    return seen if led_there else max(seen, weights.largest)


def _known(mean: Mean | None) -> list[Mean]:
    return [] if mean is None else [mean]


def _price_interval(
    split: Split, whole: Floats, values: Floats, most: float
) -> tuple[float, float]:
    """Of the total of all paths plus what price alone differs by on the subset."""
    share = split.which.size / whole.size
    common = share * whole[split.which] + values[0] - values[-1]
    rest = np.setdiff1d(np.arange(whole.size), split.which, assume_unique=True)
    means = [
        *_known(mean_of(common, split.weights.component, most)),
        *_known(mean_of(whole[rest], split.whole.component[rest], most, 1.0 - share)),
    ]
    low, high = signed_interval(means)
    return min(max(low, 0.0), 1.0), min(max(high, 0.0), 1.0)


def _entry(
    total: float, found: dict[str, float], ends: dict[str, tuple[float, float]]
) -> dict[str, Any]:
    """One horizon's parts: price, the four channels, total; and both ends of each."""
    added = math.fsum(found.values())
    # What price alone can be leaves this much for the channels.
    bounded = min(max(added, total - 1.0), total)
    scale = bounded / added if added != bounded else 1.0
    parts = {"price": total}
    parts |= {name: scale * found.get(name, 0.0) for name in CHANNELS}
    parts["price"] = min(max(total - math.fsum(parts[name] for name in CHANNELS), 0.0), 1.0)
    parts["total"] = total
    entry: dict[str, Any] = dict(parts)
    entry["low"] = {k: min(ends[k][0], v) if k in ends else 0.0 for k, v in parts.items()}
    entry["high"] = {k: max(ends[k][1], v) if k in ends else 0.0 for k, v in parts.items()}
    beyond = total - parts["price"]
    low, high = ends["beyond_price"]
    entry["beyond_price"] = {"value": beyond, "low": min(low, beyond), "high": max(high, beyond)}
    return entry
