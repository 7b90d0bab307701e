"""Risk-aware ADL: the most leveraged are cut first, down to one common leverage.

Space: contracts. Directional leverage of holder i = net notional of its account in the direction of
the position / equity. The rule finds the level L at which

    sum of clip((exposure_i - L x equity_i) / value of a contract, 0, available_i) = needed

and takes those contracts at the bankruptcy price: it makes the largest directional leverage that is
left as small as it can be. Low leverage is cut last, and a position that hedges the account's
others (net notional near or below zero) after all that are not hedges.
Source: Seawall's own exact form of the idea of arXiv:2512.01112 and arXiv:2602.15182, to spare what
carries little risk. Wrong where the other positions of an account do not move with this one: they
are netted dollar by dollar, options left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from seawall.book.book import Floats
from seawall.waterfall.winners import CONTRACTS, Need, Taken, Winners, at_bankruptcy


@dataclass(frozen=True)
class RiskAware:
    """Down to one common directional leverage; no parameters. Space: contracts."""

    SPACE: ClassVar[str] = CONTRACTS


def take(rule: RiskAware, winners: Winners, need: Need) -> Taken:
    """Who is closed: whoever is above the level that the need asks for, down to it."""
    held = np.abs(winners.size)
    each = np.divide(winners.value, held, out=np.ones_like(held), where=held > 0)
    able = (winners.available > 0) & (winners.equity > 0)
    able &= np.isfinite(winners.exposure / np.where(able, winners.equity, 1.0))
    available = np.where(able, winners.available, 0.0)
    size = np.zeros_like(available)
    size[able] = fill_to_level(
        winners.exposure[able], winners.equity[able], each[able], available[able], need.size
    )
    return at_bankruptcy(size, need)


def fill_to_level(
    exposure: Floats, equity: Floats, each: Floats, available: Floats, needed: float
) -> Floats:
    """Contracts (n,) from the common level: exposure and equity > 0 quote, each > 0 per contract.

    What is taken falls with the level, linearly between the levels at which a holder starts to be
    cut (exposure / equity) or is used up ((exposure - available x each) / equity). The level is
    searched between two of these and then solved for.
    """
    if not available.size or needed >= float(np.cumsum(available)[-1]):
        return available
    ends = np.concatenate([exposure, exposure - available * each]) / np.tile(equity, 2)
    levels = np.unique(ends)

    def at(level: float) -> Floats:
        return np.clip((exposure - level * equity) / each, 0.0, available)

    low, high = 0, levels.size - 1
    while high - low > 1:
        middle = (low + high) // 2
        if float(np.sum(at(float(levels[middle])))) >= needed:
            low = middle
        else:
            high = middle
    below, above = at(float(levels[low])), at(float(levels[high]))
    least, most = float(np.sum(above)), float(np.sum(below))
    share = (needed - least) / (most - least) if most > least else 0.0
    found: Floats = above + min(max(share, 0.0), 1.0) * (below - above)
    return found
