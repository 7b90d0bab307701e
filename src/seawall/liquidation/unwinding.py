"""The backstop vault sells what it took over: a share of each contract at every step.

    share per step = 1 - exp(-step / seconds),  at most all

so that after ``seconds`` about 37% is left. Its orders go to the order book with their impact, and
their losses are the vault's. Below ``smallest`` quote a rest is sold at once.

Source: Seawall's own; vaults such as Hyperliquid's work their positions off without a published
rule. Wrong when the vault waits for a better price or hedges elsewhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.foundation.quantity import AMOUNT, POSITIVE_SECONDS
from seawall.foundation.record import number


@dataclass(frozen=True)
class Unwinding:
    """Parameters: ``seconds`` (mean time to sell), ``smallest`` rest, quote."""

    seconds: float = number(POSITIVE_SECONDS)
    smallest: float = number(AMOUNT, 0.0)


def share_per_step(rule: Unwinding, step_seconds: float) -> float:
    """Share of what is held that a step sells."""
    return 1.0 - math.exp(-step_seconds / rule.seconds)


def to_sell(rule: Unwinding, size: Floats, notional: Floats, share: float) -> Floats:
    """Signed sizes (n,) to trade of ``size`` held, with absolute notional (n,) quote."""
    return np.where(notional <= rule.smallest, -size, -share * size)
