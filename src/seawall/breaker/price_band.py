"""Price band: forced orders wait while the market price is outside a band around a reference.

Band: reference x (1 - width) to reference x (1 + width). A forced sale waits while the market
price is below it, a forced purchase while it is above; what brings the price back goes on.
``reference`` is

- index: the price of the rest of the world, which this book's own orders do not move;
- oracle: the price that the venue's margin is computed with;
- average: a moving average of the market price over ``memory_seconds``.

The band is looked at before each account's orders, with the price that those before it in the same
round leave behind (`cascade/band_queue.py`): the order that crosses it is filled to its end. An
account is closed as one, so it waits when any of its legs is beyond the band.

Source: price limits of derivatives exchanges; limit-up-limit-down bands (average). Wrong when one
order is larger than the band, for linked venues with books of their own, where only the price
before a round counts, and where what waits is worked passively inside the band.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.quantity import POSITIVE_FRACTION, POSITIVE_SECONDS
from seawall.foundation.record import number, word

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

REFERENCES = ("index", "oracle", "average")
INDEX, ORACLE, AVERAGE = range(3)


@dataclass(frozen=True)
class PriceBand:
    """Orders beyond ``width`` (fraction) of the reference wait."""

    width: float = number(POSITIVE_FRACTION)
    reference: str = word(REFERENCES, "index")
    memory_seconds: float = number(POSITIVE_SECONDS, 300.0)


class BandRule(NamedTuple):
    """Columns of m watched feeds, (m,): feed, asset, 1 - width, 1 + width, which reference, and
    the weight of one step in the average (0 where another reference is used).
    """

    feed: Ints
    asset: Ints
    low: Floats
    high: Floats
    reference: Ints
    weight: Floats


class BandMemory(NamedTuple):
    """average (p, m) of the market price."""

    average: Floats


def compile_band(
    rules: Sequence[PriceBand], feed: Ints, asset: Ints, step_seconds: float
) -> BandRule:
    """Columns of ``rules``, one per watched feed (m,)."""
    reference = np.array([REFERENCES.index(rule.reference) for rule in rules], dtype=np.int64)
    weight = np.array([1.0 - math.exp(-step_seconds / rule.memory_seconds) for rule in rules])
    return BandRule(
        feed=feed,
        asset=asset,
        low=np.array([1.0 - rule.width for rule in rules]),
        high=np.array([1.0 + rule.width for rule in rules]),
        reference=reference,
        weight=np.where(reference == AVERAGE, weight, 0.0),
    )


def start_band(rule: BandRule, market: Floats) -> BandMemory:
    """The average is the market price (p, f) of each feed."""
    return BandMemory(market[:, rule.feed].copy())


def band_step(rule: BandRule, memory: BandMemory, market: Floats) -> None:
    """One step at each feed's market prices (p, f); overwrites ``memory``."""
    memory.average[:] += rule.weight * (market[:, rule.feed] - memory.average)


def edges(
    rule: BandRule, memory: BandMemory, exogenous: Floats, oracle: Floats
) -> tuple[Floats, Floats]:
    """Lower and upper edge (p, m), given exogenous prices (p, k) and feed prices (p, f)."""
    reference = np.where(rule.reference == INDEX, exogenous[:, rule.asset], oracle[:, rule.feed])
    reference = np.where(rule.reference == AVERAGE, memory.average, reference)
    return reference * rule.low, reference * rule.high
