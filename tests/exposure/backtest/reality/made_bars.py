"""Made bars with a known law, for tests of DRE against reality."""

from __future__ import annotations

import numpy as np

from seawall.exposure.backtest.reality.bars import Series

HOUR = 3_600


def made(
    count: int, seed: int, gaps: tuple[int, ...] = (), name: str = "", heavy: bool = True
) -> Series:
    """Hourly bars whose volatility wanders; each of twelve moves, so that extremes are real."""
    rng = np.random.default_rng(seed)
    wander = np.zeros(count)
    for t in range(1, count):
        wander[t] = 0.98 * wander[t - 1] + 0.12 * rng.standard_normal()
    shock = rng.standard_t(4, (count, 12)) if heavy else rng.standard_normal((count, 12))
    path = np.cumsum(0.002 * np.exp(wander)[:, None] * shock, axis=1)
    base = np.concatenate([[0.0], np.cumsum(path[:-1, -1])])[:, None]
    close = (base + path)[:, -1].copy()
    low = np.minimum(base[:, 0], (base + path).min(axis=1))
    high = np.maximum(base[:, 0], (base + path).max(axis=1))
    for t in gaps:
        close[t] = low[t] = high[t] = np.nan
    end = HOUR * np.arange(1, count + 1, dtype=np.int64) + 1_600_000_000 // 604_800 * 604_800
    return Series(name or f"C{seed}", "made", HOUR, end, low, high, close, True)
