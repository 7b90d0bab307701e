"""What a keeper earns on a liquidation, and the largest that still pays: the impact law alone.

A keeper repays R of debt, receives (1 + b) R of collateral at the oracle's price and sells it at
once; f(Q) is the mean price of a sale of Q over the price before it, by the market's own law:

    earns(R) = (1 + b) R f((1 + b) R) - R - gas - wait x R - profit asked x R

``wait`` is what holding the collateral for one block costs in price on average, sigma
sqrt(t / 2 pi), and t x 7% a year of financing: both are assumptions (A16). Without gas and wait,
linear impact in depth D: R* = 2 D b / (1 + b)^2, to first order in b; square root, with daily
volume V: Q* = V (3 b / (2 (1 + b) Y sigma))^2. After a sale of Q* the book gives
Q* (1 - exp(-block / recovery)) again by the next block: that is what pays block after block.

On an order-book venue there is no keeper: the account's own maintenance margin pays for the sale,
so b / (1 + b) becomes the maintenance rate less the taker fee, and a sale beyond Q* leaves bad
debt.

Source: critical leverage of Caccioli, Bouchaud and Farmer (2012), arXiv:1204.0922, read as a size.
Wrong where debt is bought back in a thin market as well, and where keepers hedge or wait.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from seawall.cascade.setup import Setup
from seawall.cascade.table import chosen
from seawall.foundation.units import SECONDS_PER_YEAR, volatility_over
from seawall.impact import law
from seawall.liquidation.keeper_race import Keepers

FINANCING = 0.07
# Sizes are sought up to this many depths (or days of volume).
MOST = 100.0
ROUNDS = 80


@dataclass(frozen=True)
class Terms:
    """What a liquidation in one asset meets. bonus on the debt repaid (order book: what margin
    leaves for the sale, over 1 less that); gas quote; ask, wait fractions of what is repaid;
    depth quote (linear) or daily volume; recovery and block seconds.
    """

    bonus: float
    gas: float
    ask: float
    wait: float
    depth: float
    strength: float
    recovery: float
    block: float


def terms_of(setup: Setup, v: int, asset: str, *, bonus: float, keeper: bool) -> Terms:
    """Terms at a venue (its index) for one asset."""
    k = setup.table.assets.index(asset)
    name, market = setup.table.venues[v], setup.case.market
    block = market.block_seconds.get(name, 0.0) or setup.step_seconds
    race = chosen(setup.mechanisms[v], "keepers", Keepers)
    ask = min((kind.profit for kind in race.kinds), default=0.0) if race and keeper else 0.0
    drift = volatility_over(market.assets[asset].volatility, block) / math.sqrt(2.0 * math.pi)
    wait = drift + FINANCING * block / SECONDS_PER_YEAR if keeper else 0.0
    return Terms(
        bonus=bonus,
        gas=setup.rulebooks[v].liquidation.gas if keeper else 0.0,
        ask=ask,
        wait=wait,
        depth=float(setup.impact.depth[k]),
        strength=float(setup.impact.strength[k]),
        recovery=market.scenario.recovery_seconds,
        block=block,
    )


def slippage(setup: Setup, terms: Terms, sale: float) -> float:
    """1 - mean price over the price before, of one sale of ``sale`` quote."""
    if not math.isfinite(terms.depth) or sale <= 0.0:
        return 0.0
    flow = np.array([-sale / terms.depth])
    mean = law.average(setup.market_rules.law, np.array([terms.strength]), np.zeros(1), flow)
    return 1.0 - float(mean[0])


def earns(setup: Setup, terms: Terms, repaid: float) -> dict[str, float]:
    """What one liquidation brings, quote: bonus less slippage, gas, waiting; and what is left."""
    sale = (1.0 + terms.bonus) * repaid
    parts = {
        "bonus": terms.bonus * repaid,
        "slippage": sale * slippage(setup, terms, sale),
        "gas": terms.gas,
        "waiting": terms.wait * repaid,
    }
    left = parts["bonus"] - parts["slippage"] - parts["gas"] - parts["waiting"]
    return {"repaid": repaid, **parts, "earned": left}


def largest(setup: Setup, terms: Terms) -> float | None:
    """The largest repayment that still pays, quote; None where any does, 0 where none does."""
    if not math.isfinite(terms.depth):
        return None

    def pays(repaid: float) -> bool:
        return earns(setup, terms, repaid)["earned"] >= terms.ask * repaid

    sizes = terms.depth * np.exp(np.linspace(math.log(1e-7), math.log(MOST), 400))
    good = [n for n, size in enumerate(sizes.tolist()) if pays(size)]
    if not good:
        return 0.0
    if good[-1] == sizes.size - 1:
        return None
    low, high = float(sizes[good[-1]]), float(sizes[good[-1] + 1])
    for _ in range(ROUNDS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if pays(middle) else (low, middle)
    return low


def sustained(terms: Terms, size: float) -> float:
    """What pays in each block for ever after, where ``size`` pays once; quote."""
    return size * (1.0 - math.exp(-terms.block / terms.recovery))
