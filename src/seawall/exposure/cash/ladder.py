"""Quantiles over paths of what is needed, with intervals by ranks; never sums of quantiles."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from seawall.book.book import Floats
from seawall.exposure.proportion import wilson
from seawall.exposure.tail.binomial import ranks_around

LEVELS = (0.5, 0.95, 0.99)


def ladder(amount: Floats) -> dict[str, Any]:
    """Chance that anything is needed and quantiles by hour, of amounts (p, h), quote.

    A quantile at level q is the amount of rank ceil(q p); its interval at 95% lies between two
    ranks (binomial), its upper end None where so few paths have no rank that high.
    """
    paths = amount.shape[0]
    ranked = np.sort(amount, axis=0)
    short = (amount > 0.0).sum(axis=0)
    bounds = [wilson(int(n), paths) for n in short]
    rows = []
    for level in LEVELS:
        rank = min(max(math.ceil(level * paths - 1e-9), 1), paths)
        low, high = ranks_around(paths, level)
        rows.append(
            {
                "level": level,
                "value": ranked[rank - 1].tolist(),
                "low": ranked[low - 1].tolist() if low >= 1 else [0.0] * amount.shape[1],
                "high": ranked[high - 1].tolist() if high <= paths else None,
            }
        )
    return {
        "chance": (short / paths).tolist(),
        "chance_low": [low for low, _ in bounds],
        "chance_high": [high for _, high in bounds],
        "mean": amount.mean(axis=0).tolist(),
        "quantiles": rows,
    }


def quantile(amount: Floats, level: float) -> float:
    """The amount (p,) of rank ceil(level p)."""
    rank = min(max(math.ceil(level * amount.size - 1e-9), 1), amount.size)
    return float(np.sort(amount)[rank - 1])
