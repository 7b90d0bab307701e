"""Pro rata by contracts: every holder of the other side is closed in proportion to its size.

Space: contracts. t_i = available_i x min(1, needed / sum of available), at the bankruptcy price.
Source: the neutral rule against which arXiv:2512.01112 compares queues; no venue's. Wrong where
many small closes cost more than a few large ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from seawall.book.book import Floats
from seawall.waterfall.winners import CONTRACTS, Need, Taken, Winners, at_bankruptcy


@dataclass(frozen=True)
class ProRataContracts:
    """Everybody in proportion to size; no parameters. Space: contracts."""

    SPACE: ClassVar[str] = CONTRACTS


def take(rule: ProRataContracts, winners: Winners, need: Need) -> Taken:
    """Who is closed: all, by the same share of what may be closed."""
    return at_bankruptcy(shares(winners.available, need.size), need)


def shares(available: Floats, needed: float) -> Floats:
    """Parts (n,) of ``available`` in equal proportion: min(needed, their sum) in all."""
    total = float(np.cumsum(available)[-1]) if available.size else 0.0
    if total <= 0:
        return np.zeros_like(available)
    return available * min(1.0, needed / total)
