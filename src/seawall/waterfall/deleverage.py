"""Auto-deleveraging (ADL): winners on the other side are closed at the bankruptcy price.

Space: contracts. Rank = (mark / entry for longs, entry / mark for shorts) x notional / equity,
highest first, closed until the bankrupt size is matched. Source: Hyperliquid documentation
(docs/venues). Winners lose exactly what the bankrupt account lacked. Wrong for venues that rank by
profit, pick at random, or share pro rata: the other rules of the slot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from seawall.book.book import Floats
from seawall.waterfall.winners import CONTRACTS, Need, Taken, Winners, at_bankruptcy


@dataclass(frozen=True)
class HyperliquidRanking:
    """Highest (price ratio) x (notional / equity) first; no parameters. Space: contracts."""

    SPACE: ClassVar[str] = CONTRACTS


def take(rule: HyperliquidRanking, winners: Winners, need: Need) -> Taken:
    """Who is closed: the highest score first, until the need is matched."""
    score = rank_score(winners.size, winners.mark, winners.entry, winners.equity)
    return at_bankruptcy(take_in_order(winners.available, score, need.size), need)


def rank_score(size: Floats, mark: Floats, entry: Floats, equity: Floats) -> Floats:
    """Score (n,) of each holder, highest is closed first; accounts without equity are last."""
    ratio = np.where(size > 0, mark / entry, entry / mark)
    with np.errstate(over="ignore"):  # next to no equity: first in the queue, whatever the number
        leverage = np.abs(size) * mark / np.maximum(equity, 1e-300)
    return np.where(equity > 0, ratio * leverage, 0.0)


def take_in_order(available: Floats, score: Floats, needed: float) -> Floats:
    """Size (n,) >= 0 taken from each holder, highest score first (ties: first in the table)."""
    order = np.argsort(-score, kind="stable")
    sorted_size = available[order]
    # Summed up to each, not with it and back: who stands behind must not round who is before.
    before = np.concatenate([[0.0], np.cumsum(sorted_size)[:-1]])
    taken = np.zeros_like(available)
    taken[order] = np.clip(needed - before, 0.0, sorted_size)
    return taken
