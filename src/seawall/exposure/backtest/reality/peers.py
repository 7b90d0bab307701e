"""What a DRE has to beat: a normal first passage, and how often such accounts broke before.

First passage of a log-normal price without drift in its mean, volatility v, horizon T, barrier at
log-distance d, s = v sqrt(T):

    below   N((-d + s^2/2) / s) + exp(d) N((-d - s^2/2) / s)
    above   N((-d - s^2/2) / s) + exp(-d) N((-d + s^2/2) / s)

Twice: with the volatility of the whole fitted stretch, and with that of the moment, memory 0.85 a
day. Source: Harrison (1985), "Brownian motion and stochastic flow systems"; monitored at all times,
as lowest and highest prices are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.backtest.reality.accounts import Account

Floats = NDArray[np.float64]


def first_passage(account: Account, spread: Floats | float) -> Floats:
    """Chance of liquidation where the log-price has this deviation over the horizon."""
    from scipy.special import ndtr

    spread, d = np.asarray(spread, dtype=np.float64), account.distance
    way = 1.0 if account.side == "long" else -1.0
    with_drift = ndtr((-d + way * 0.5 * spread**2) / spread)
    against = np.exp(way * d) * ndtr((-d - way * 0.5 * spread**2) / spread)
    return np.asarray(with_drift + against)


def first_passages(accounts: Sequence[Account], spread: Floats) -> Floats:
    """Chances (n, a) of all accounts for deviations (n,)."""
    return np.stack([first_passage(account, spread) for account in accounts], axis=1)


def frequencies(broke: NDArray[np.bool_]) -> Floats:
    """Share (a,) of these accounts (n, a) that were liquidated, kept off 0 and 1."""
    return np.asarray((broke.sum(axis=0) + 0.5) / (broke.shape[0] + 1.0))
