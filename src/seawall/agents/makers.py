"""Makers with capital: depth that goes with inventory, volatility and losses, and comes back.

The depth of every asset is that of a few makers, maker i with a ``share`` of it, and of others (the
rest), who always stay. What a maker quotes of its share is

    1 / (1 + thinning x max(r - 1, 0)) x max(1 - |inventory| / (limit x capital left), 0)

with r the one-hour average of |return| over its expectation, its inventory in that asset at the
market price, and capital left = capital + profit so far; nothing while it stands away. It leaves at
once and comes back by 1 - exp(-dt / refill_seconds) of what is missing in a step. Flow is filled by
those who quote, in proportion, at what it pays; so makers buy into a fall and lose with it. Once a
maker has lost ``loss_limit`` of its capital left since it last came, it stands away for
``rest_seconds``. Of inventory it passes 1 - exp(-dt / unload_seconds) on in a step to patient
traders, at the market price. With few large makers depth therefore goes in steps.

Sources: Grossman and Miller (1988), "Liquidity and market structure", for capital that is paid to
bear inventory; Gromb and Vayanos (2002), "Equilibrium and welfare in markets with financially
constrained arbitrageurs", for limits that bind together. The form is Seawall's own, its numbers are
assumptions. Wrong when makers skew their quotes (both sides fade alike here), hedge elsewhere, or
hold inventory when the path begins; and what arbitrageurs carry between linked venues is not
counted as theirs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import (
    POSITIVE_AMOUNT,
    POSITIVE_FRACTION,
    POSITIVE_SECONDS,
    SECONDS,
    Quantity,
)
from seawall.foundation.record import number

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

THINNING = Quantity("a factor from 0 to 1000", 0.0, 1_000.0)
MULTIPLE = Quantity("a multiple of capital above 0, to 1000", 0.0, 1_000.0, True)
# Shares of makers may add up to one but for their last bits.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Maker:
    """One maker.

    share            of every asset's depth, a fraction above 0
    capital          quote
    inventory_limit  |inventory| in one asset at which it quotes nothing there, times capital left
    loss_limit       share of capital left whose loss sends it away
    """

    share: float = number(POSITIVE_FRACTION)
    capital: float = number(POSITIVE_AMOUNT)
    inventory_limit: float = number(MULTIPLE)
    loss_limit: float = number(POSITIVE_FRACTION)


@dataclass(frozen=True)
class Makers:
    """Parameters of the market slot ``makers``.

    makers          who they are; their shares add up to 1 at most
    refill_seconds  time constant with which quotes come back
    rest_seconds    how long one stands away after its limit of loss
    unload_seconds  time constant with which inventory is passed on
    thinning        quotes are divided by 1 + thinning x (excess volatility)
    floor           share of an asset's depth that never leaves
    """

    makers: tuple[Maker, ...]
    refill_seconds: float = number(POSITIVE_SECONDS)
    rest_seconds: float = number(SECONDS)
    unload_seconds: float = number(POSITIVE_SECONDS)
    thinning: float = number(THINNING, 0.0)
    floor: float = number(POSITIVE_FRACTION, 0.02)

    def __post_init__(self) -> None:
        total = sum(maker.share for maker in self.makers)
        if not self.makers or total > 1.0 + ROUNDING:
            raise InputError(
                f"the shares of {len(self.makers)} makers add up to {total:g}",
                expected="at least one maker, and shares that add up to 1 at most",
            )


class MakerRule(NamedTuple):
    """Makers as columns (m,); others (share of those who stay); refill and unload per step; rest in
    steps.
    """

    share: Floats
    capital: Floats
    inventory_limit: Floats
    loss_limit: Floats
    others: float
    refill: float
    unload: float
    rest: int
    thinning: float
    floor: float


@dataclass
class MakerMemory:
    """quoted (p, m, k) of each maker's share; units (p, m, k) and cash (p, m) it has taken on;
    mark (p, m) profit when it last came; back (p, m) step from which it quotes again;
    total (p, k) share of depth that is there; bought (p, k) units and spent (p, k) quote that
    traders have since the last step, net, which are the makers' to fill.
    """

    quoted: Floats
    units: Floats
    cash: Floats
    mark: Floats
    back: Ints
    total: Floats
    bought: Floats
    spent: Floats


def compile_makers(rule: Makers, step_seconds: float) -> MakerRule:
    """The rule for steps of one length."""
    share = np.array([maker.share for maker in rule.makers])
    return MakerRule(
        share=share,
        capital=np.array([maker.capital for maker in rule.makers]),
        inventory_limit=np.array([maker.inventory_limit for maker in rule.makers]),
        loss_limit=np.array([maker.loss_limit for maker in rule.makers]),
        others=max(1.0 - sum(maker.share for maker in rule.makers), 0.0),
        refill=1.0 - math.exp(-step_seconds / rule.refill_seconds),
        unload=1.0 - math.exp(-step_seconds / rule.unload_seconds),
        rest=math.ceil(rule.rest_seconds / step_seconds - 1e-9),
        thinning=rule.thinning,
        floor=rule.floor,
    )


def begin_makers(rule: MakerRule, paths: int, assets: int) -> MakerMemory:
    """All quote in full and hold nothing."""
    count = rule.share.size
    return MakerMemory(
        quoted=np.ones((paths, count, assets)),
        units=np.zeros((paths, count, assets)),
        cash=np.zeros((paths, count)),
        mark=np.zeros((paths, count)),
        back=np.zeros((paths, count), dtype=np.int64),
        total=np.ones((paths, assets)),
        bought=np.zeros((paths, assets)),
        spent=np.zeros((paths, assets)),
    )


def makers_step(
    rule: MakerRule, memory: MakerMemory, market: Floats, restlessness: Floats, step: int
) -> None:
    """Makers fill what was traded, count their losses and quote anew: ``memory`` is overwritten.

    market, restlessness (p, k) now.
    """
    _fill(rule, memory)
    profit = profits(memory, market)
    left = np.maximum(rule.capital + profit, 0.0)
    present = step >= memory.back
    memory.mark = np.where(memory.back == step, profit, memory.mark)
    room = rule.loss_limit * np.maximum(rule.capital + memory.mark, 0.0)
    hit = present & (memory.mark - profit >= room)
    memory.back = np.where(hit, step + rule.rest, memory.back)
    # Without rest the step of its return is this one, which has passed.
    memory.mark = np.where(hit & (rule.rest == 0), profit, memory.mark)
    here = present & ~hit & (left > 0.0)
    calm = 1.0 / (1.0 + rule.thinning * np.maximum(restlessness - 1.0, 0.0))
    limit = rule.inventory_limit * left
    held = np.abs(memory.units * market[:, None, :])
    used = np.divide(held, limit[:, :, None], out=np.ones_like(held), where=limit[:, :, None] > 0)
    wanted = calm[:, None, :] * np.maximum(1.0 - used, 0.0) * here[:, :, None]
    back = memory.quoted + rule.refill * (wanted - memory.quoted)
    memory.quoted = np.where(wanted < memory.quoted, wanted, back)
    memory.total = np.maximum(_quoted_sum(rule, memory.quoted), rule.floor)
    _unload(rule, memory, market)


def profits(memory: MakerMemory, market: Floats) -> Floats:
    """Profit (p, m) of each maker since the start, inventory at market prices (p, k), quote."""
    total = memory.cash.copy()
    for k in range(market.shape[1]):
        total = total + memory.units[:, :, k] * market[:, None, k]
    return total


def _fill(rule: MakerRule, memory: MakerMemory) -> None:
    """What traders bought since the last step was sold by those who quoted, in proportion."""
    for k in range(memory.bought.shape[1]):
        part = rule.share * memory.quoted[:, :, k] / memory.total[:, None, k]
        memory.units[:, :, k] -= part * memory.bought[:, None, k]
        memory.cash += part * memory.spent[:, None, k]
    memory.bought[:] = 0.0
    memory.spent[:] = 0.0


def _unload(rule: MakerRule, memory: MakerMemory, market: Floats) -> None:
    for k in range(market.shape[1]):
        passed = rule.unload * memory.units[:, :, k]
        memory.units[:, :, k] -= passed
        memory.cash += passed * market[:, None, k]


def _quoted_sum(rule: MakerRule, quoted: Floats) -> Floats:
    """Share (p, k) of depth that makers and others quote, left to right; exactly 1 when all do."""
    missing = np.zeros((quoted.shape[0], quoted.shape[2]))
    for i in range(rule.share.size):
        missing = missing + rule.share[i] * (1.0 - quoted[:, i])
    total: Floats = 1.0 - missing
    return total
