"""Pro rata by profit: winners pay the deficit out of their unrealised profit, all the same share.

Space: equity. The haircut of holder i is min(1, D / sum of bases) x base_i, base_i = its profit,
nor more than its equity; D the deficit of what is matched. The contracts themselves are closed pro
rata by size at the mark, so an account without profit is closed but pays nothing. What profits
cannot bear goes on down the waterfall.
Source: the haircut of profits of arXiv:2512.01112 (equity space); Seawall's own form of it.
Wrong where a venue counts profit realised before: only that of the open position is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from seawall.waterfall.pro_rata_contracts import shares
from seawall.waterfall.winners import EQUITY, Need, Taken, Winners


@dataclass(frozen=True)
class ProRataProfit:
    """The same share of every winner's unrealised profit; no parameters. Space: equity."""

    SPACE: ClassVar[str] = EQUITY


def take(rule: ProRataProfit, winners: Winners, need: Need) -> Taken:
    """Contracts pro rata by size; haircuts pro rata by profit, never above it."""
    size = shares(winners.available, need.size)
    matched = float(np.cumsum(size)[-1]) / need.size if size.size else 0.0
    base = np.clip(winners.profit, 0.0, np.maximum(winners.equity, 0.0))
    base = np.where(winners.available > 0, base, 0.0)
    return Taken(size, shares(base, need.deficit * min(matched, 1.0)))
