"""The chain under a venue: when blocks come, and when a transaction has landed for good.

Everything is drawn before the loop and nothing in the loop changes it. For each step t the table
`landing_steps` says at which step a transaction sent at the end of step t is included and final:

- blocks come at constant spacing (at a random phase) or as a Poisson process with that mean;
- a transaction is in the ``inclusion_blocks``-th block after it was sent, not counting blocks that
  censor it (each does with its own chance);
- a reorganisation drops the last ``reorganisation_depth`` blocks: what was in them is sent again
  at once, and has never landed;
- it counts ``finality_blocks`` after its last inclusion;
- in a halt (Poisson, of fixed length, or at one stated time) there is no block at all.

Random blocks: gaps are exponential, and the age of the last block, looked at any time, is so too:
its mean is the whole spacing, where that of constant blocks is half of it.

Source: Poisson arrivals of proof-of-work blocks (Nakamoto 2008), slots of proof-of-stake chains;
halts as layer-two sequencers have had. Wrong when: several blocks fall in one step, whose inside
is not seen: use steps of at most a quarter of the delay. What a landed liquidation did is never
undone: one whose block a reorganisation will still reach, final or not, does not land at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import AMOUNT, POSITIVE_SECONDS, SECONDS, Quantity
from seawall.foundation.record import number, whole, word
from seawall.foundation.units import SECONDS_PER_DAY

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Steps = NDArray[np.int32]

CONSTANT, RANDOM = "constant", "random"
DIRECT, INCLUDED = "direct", "included"
BY_UNIT, BY_PROFIT, BY_CHANCE = "unit", "profit", "random"
CHANCE = Quantity("a chance per block, from 0 to below 1", 0.0, 1.0, open_high=True)
# Uniform numbers per path and step: blocks, halts, reorganisations, censorship.
NUMBERS = 4


@dataclass(frozen=True)
class Settlement:
    """How a venue's transactions settle; chances are per block.

    block_seconds                   spacing of blocks, or its mean
    spacing                         "constant" or "random"
    inclusion_blocks                blocks until a transaction is included, at least 1
    finality_blocks                 further blocks until it counts
    reorganisation_probability      that the last reorganisation_depth blocks are dropped
    censorship_probability          that a block leaves a liquidation out (feeds are let through)
    halts_per_day, halt_seconds     how often no block comes, and for how long
    halt_at_seconds                 one more halt, on every path, that starts at this time
    feeds                           "included": oracle updates wait for blocks too; or "direct"
    order                           who comes first: lowest "unit", largest "profit", "random"
    per_block                       liquidations that fit into a block; None = all
    """

    block_seconds: float = number(POSITIVE_SECONDS)
    spacing: str = word((CONSTANT, RANDOM), CONSTANT)
    inclusion_blocks: int = whole(1, 1_000_000, 1)
    finality_blocks: int = whole(0, 1_000_000, 0)
    reorganisation_probability: float = number(CHANCE, 0.0)
    reorganisation_depth: int = whole(1, 1_000_000, 1)
    censorship_probability: float = number(CHANCE, 0.0)
    halts_per_day: float = number(AMOUNT, 0.0)
    halt_seconds: float = number(SECONDS, 0.0)
    halt_at_seconds: float | None = number(SECONDS, None)
    feeds: str = word((DIRECT, INCLUDED), DIRECT)
    order: str = word((BY_UNIT, BY_PROFIT, BY_CHANCE), BY_UNIT)
    per_block: int | None = whole(1, 1_000_000, None)

    def __post_init__(self) -> None:
        if (self.halts_per_day > 0 or self.halt_at_seconds is not None) and not self.halt_seconds:
            raise InputError("halts without halt_seconds", expected="how long a halt lasts")

    @property
    def regular(self) -> bool:
        """Whether nothing but the phase of the block clock, the first number of step 0, is left to
        chance.
        """
        chances = (self.reorganisation_probability, self.censorship_probability, self.halts_per_day)
        return self.spacing == CONSTANT and not any(chances)


@dataclass(frozen=True)
class Blocks:
    """Of every step, (p, s + 1), step 0 empty: the blocks that came in it.

    count of blocks, those that let a liquidation in, whether the chain was halted and whether
    blocks were reorganised at its end.
    """

    count: Steps
    open_to_liquidations: Steps
    halted: Bools
    reorganised: Bools


def draw_blocks(rule: Settlement, numbers: Floats, step_seconds: float) -> Blocks:
    """The blocks of every step for uniform numbers (p, s + 1, NUMBERS)."""
    halted = _halts(rule, numbers[:, :, 1], step_seconds)
    count = _counts(rule, numbers[:, :, 0], step_seconds)
    count[halted] = 0
    count[:, 0] = 0
    let_in = _open(count, rule.censorship_probability, numbers[:, :, 3])
    if rule.reorganisation_probability == 0.0:
        return Blocks(count, let_in, halted, np.zeros(count.shape, dtype=bool))
    spared = (1.0 - rule.reorganisation_probability) ** count
    reorganised = numbers[:, :, 2] > spared
    return Blocks(count, let_in, halted, reorganised)


def regular_blocks(rule: Settlement, phase: Floats, steps: int, step_seconds: float) -> Blocks:
    """`draw_blocks` of a regular chain, of which only the ``phase`` (p,) is left to chance."""
    count = _regular_counts(rule, phase[:, None], steps, step_seconds)
    halted = np.zeros(count.shape, dtype=bool)
    if rule.halt_at_seconds is not None:
        halted |= _halts(rule, np.ones((1, steps + 1)), step_seconds)
        count[halted] = 0
    count[:, 0] = 0
    return Blocks(count, count, halted, np.zeros(count.shape, dtype=bool))


def _regular_counts(rule: Settlement, phase: Floats, steps: int, step_seconds: float) -> Steps:
    """Blocks fall where mean x t + phase (p, 1) passes a whole number."""
    mean = step_seconds / rule.block_seconds
    clock = np.floor(np.arange(steps + 1) * mean + phase)
    count = np.zeros(clock.shape, dtype=np.int32)
    count[:, 1:] = clock[:, 1:] - clock[:, :-1]
    return count


def _counts(rule: Settlement, numbers: Floats, step_seconds: float) -> Steps:
    """Blocks that would come in each step without halts."""
    mean = step_seconds / rule.block_seconds
    if rule.spacing == CONSTANT:
        # The phase is the number of step 0.
        return _regular_counts(rule, numbers[:, :1], numbers.shape[1] - 1, step_seconds)
    from scipy.special import pdtr

    most = int(mean + 12.0 * math.sqrt(mean) + 30.0)
    below = pdtr(np.arange(most), mean)
    return np.searchsorted(below, numbers, side="left").astype(np.int32)


def _open(count: Steps, censorship: float, numbers: Floats) -> Steps:
    """How many of the blocks let a liquidation in: binomial, by inversion."""
    if censorship == 0.0:
        return count
    from scipy.special import bdtr

    out = np.zeros_like(count)
    for n in np.unique(count[count > 0]).tolist():
        mine = count == n
        below = bdtr(np.arange(n), n, 1.0 - censorship)
        out[mine] = np.searchsorted(below, numbers[mine], side="left")
    return out


def _halts(rule: Settlement, numbers: Floats, step_seconds: float) -> Bools:
    """Steps (p, s + 1) without blocks; halts that overlap last until the end of the later one."""
    length = int(np.floor(rule.halt_seconds / step_seconds + 0.5))
    if not rule.halts_per_day and rule.halt_at_seconds is None:
        return np.zeros(numbers.shape, dtype=bool)
    begins = numbers < 1.0 - math.exp(-rule.halts_per_day * step_seconds / SECONDS_PER_DAY)
    begins[:, 0] = False
    if rule.halt_at_seconds is not None:
        at = int(np.floor(rule.halt_at_seconds / step_seconds + 0.5)) + 1
        begins[:, at : at + 1] = True
    started = np.cumsum(begins, axis=1)
    ended = np.zeros_like(started)
    # A halt that is longer than the run does not end in it.
    ended[:, length:] = started[:, : max(started.shape[1] - length, 0)]
    halted: Bools = started > ended
    return halted


def landing_steps(rule: Settlement, blocks: Blocks) -> Steps:
    """First step (p, s + 1) at which a liquidation sent at step t has landed; s + 1 = never."""
    return _landings(rule, blocks, blocks.open_to_liquidations, rule.finality_blocks)


def seen_from(rule: Settlement, blocks: Blocks) -> Steps:
    """Latest step (p, s + 1) whose oracle update has landed by step t: included, never censored."""
    lands = _landings(rule, blocks, blocks.count, 0)
    # An update that lands after a later one is not used.
    steps = lands.shape[1]
    out = np.zeros((lands.shape[0], steps + 1), dtype=np.int32)
    sent = np.broadcast_to(np.arange(steps, dtype=np.int32), lands.shape)
    np.maximum.at(out, (np.arange(lands.shape[0])[:, None], lands), sent)
    latest: Steps = np.maximum.accumulate(out[:, :-1], axis=1)
    return latest


def _landings(rule: Settlement, blocks: Blocks, let_in: Steps, finality: int) -> Steps:
    height = np.cumsum(blocks.count, axis=1, dtype=np.int64)
    taken = np.cumsum(let_in, axis=1, dtype=np.int64)
    paths, steps = height.shape
    included = _first_at_least(taken, taken + rule.inclusion_blocks)
    before = np.take_along_axis(height, np.maximum(included - 1, 0), axis=1)
    # The number of the block: exact without censorship, else the first of its step.
    block = np.maximum(before + 1, height + rule.inclusion_blocks)
    final = _first_at_least(height, block + finality)
    final = np.where(included < steps, final, steps)
    if not blocks.reorganised.any():
        return final.astype(np.int32)
    # What a reorganisation drops is sent again at its step, and may be dropped again.
    row = np.arange(paths)[:, None]
    padded = np.concatenate([height, height[:, -1:]], axis=1)
    hit_at = _next_true(blocks.reorganised)[row, included]
    dropped = (hit_at < steps) & (padded[row, hit_at] - block < rule.reorganisation_depth)
    sent_at = np.broadcast_to(np.arange(steps), (paths, steps)).copy()
    while True:
        path, t = np.nonzero(dropped[row, sent_at])
        if path.size == 0:
            break
        sent_at[path, t] = hit_at[path, sent_at[path, t]]
    return final[row, sent_at].astype(np.int32)


def _next_true(flags: Bools) -> NDArray[np.int64]:
    """First step >= t (p, s + 2) at which a flag (p, s + 1) is set; s + 1 = none."""
    steps = flags.shape[1]
    where = np.where(flags, np.arange(steps), steps)
    where = np.concatenate([where, np.full((flags.shape[0], 1), steps)], axis=1)
    following: NDArray[np.int64] = np.minimum.accumulate(where[:, ::-1], axis=1)[:, ::-1]
    return following


def _first_at_least(rising: NDArray[np.int64], level: NDArray[np.int64]) -> NDArray[np.int64]:
    """First column of rows that never fall (p, c) at which they reach levels (p, n); c = never."""
    paths, columns = rising.shape
    # One sorted row for all paths: each path's numbers lie above those of the path before.
    apart = max(int(rising.max(initial=0)), int(level.max(initial=0))) + 1
    offset = np.arange(paths)[:, None] * apart
    found = np.searchsorted((rising + offset).ravel(), (level + offset).ravel(), side="left")
    first = found.reshape(level.shape) - np.arange(paths)[:, None] * columns
    reached: NDArray[np.int64] = np.minimum(first, columns)
    return reached
