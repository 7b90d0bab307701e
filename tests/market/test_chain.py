"""Block clock: moments and distributions; landings worked by hand and against a slow walk."""

from __future__ import annotations

from dataclasses import replace
from math import exp, sqrt

import numpy as np
import pytest

from seawall.foundation.errors import InputError
from seawall.foundation.random import Stream, uniforms
from seawall.market.chain import (
    NUMBERS,
    Blocks,
    Settlement,
    draw_blocks,
    landing_steps,
    regular_blocks,
    seen_from,
)


def drawn(rule: Settlement, paths: int, steps: int, dt: float, seed: int = 3) -> Blocks:
    numbers = uniforms(seed, Stream.BLOCK, np.arange(paths), np.arange(steps + 1), NUMBERS)
    return draw_blocks(rule, numbers, dt)


def stated(count: list[int], open_: list[int] | None = None, reorganised: tuple[int, ...] = ()):
    """Blocks of one path, step by step; step 0 is put before them."""
    counts = np.array([[0, *count]], dtype=np.int32)
    let_in = counts if open_ is None else np.array([[0, *open_]], dtype=np.int32)
    flags = np.zeros(counts.shape, dtype=bool)
    flags[0, list(reorganised)] = True
    return Blocks(counts, let_in, np.zeros(counts.shape, dtype=bool), flags)


def lands(rule: Settlement, blocks: Blocks) -> list[int]:
    return landing_steps(rule, blocks)[0].tolist()


ONE = Settlement(12.0)


def test_inclusion_and_finality_worked_by_hand() -> None:
    # Blocks at the steps 2, 3, 5, 6 and two at 7; 9 means never.
    blocks = stated([0, 1, 1, 0, 1, 1, 2, 0])
    # Sent at the end of step t, in the next block after it.
    assert lands(ONE, blocks) == [2, 2, 3, 5, 5, 6, 7, 9, 9]
    # In the second block after it: sent at 3 it sees the blocks of 5 and 6.
    assert lands(replace(ONE, inclusion_blocks=2), blocks) == [3, 3, 5, 6, 6, 7, 7, 9, 9]
    # In the next block, which counts two blocks later: sent at 2, in 3, final with the block of 6.
    assert lands(replace(ONE, finality_blocks=2), blocks) == [5, 5, 6, 7, 7, 7, 9, 9, 9]


def test_censorship_worked_by_hand() -> None:
    # The blocks of steps 3 and 5 leave it out; oracle updates are in every block.
    blocks = stated([0, 1, 1, 0, 1, 1], [0, 1, 0, 0, 0, 1])
    assert lands(ONE, blocks) == [2, 2, 6, 6, 6, 6, 7]
    assert seen_from(ONE, blocks)[0].tolist() == [0, 0, 1, 2, 2, 4, 5]


def test_reorganisation_worked_by_hand() -> None:
    # One block per step. At step 4 the last two blocks (3 and 4) are dropped: what was sent at 2
    # and 3 is sent again at 4 and lands at 5; what landed at 2 stays.
    rule = replace(ONE, reorganisation_depth=2)
    blocks = stated([1] * 7, reorganised=(4,))
    assert lands(rule, blocks) == [1, 2, 5, 5, 5, 6, 7, 8]
    # Again at 5 and 6: what was dropped at 4 is dropped in 5 and once more in 6.
    assert lands(rule, stated([1] * 7, reorganised=(4, 5, 6))) == [1, 2, 7, 7, 7, 7, 7, 8]
    # Of depth 1 only the block of step 4 itself is dropped.
    assert lands(ONE, blocks) == [1, 2, 3, 5, 5, 6, 7, 8]


def test_a_halt_worked_by_hand() -> None:
    # A block each step of 12 s; the halt that starts at 36 s takes the blocks of steps 4 to 6.
    rule = replace(ONE, halt_at_seconds=36.0, halt_seconds=36.0)
    blocks = drawn(rule, 2, 8, 12.0)
    assert blocks.count[0].tolist() == [0, 1, 1, 1, 0, 0, 0, 1, 1]
    assert lands(rule, blocks) == [1, 2, 3, 7, 7, 7, 7, 8, 9]
    assert seen_from(rule, blocks)[0].tolist() == [0, 0, 1, 2, 2, 2, 2, 6, 7]


@pytest.mark.parametrize("steps", [3, 5, 6, 7, 40])
def test_a_halt_longer_than_what_is_left_of_the_run(steps: int) -> None:
    rule = replace(ONE, halt_at_seconds=24.0, halt_seconds=72.0)
    assert drawn(rule, 2, steps, 12.0).halted[1].tolist() == [3 <= t <= 8 for t in range(steps + 1)]


def test_steps_longer_than_blocks() -> None:
    blocks = drawn(ONE, 50, 100, 60.0)
    assert np.all(blocks.count[:, 1:] == 5)
    assert lands(ONE, blocks)[:3] == [1, 2, 3]
    assert lands(replace(ONE, inclusion_blocks=6), blocks)[:3] == [2, 3, 4]


def _gaps(blocks: Blocks) -> np.ndarray:
    """Steps between blocks, of all paths."""
    return np.concatenate([np.diff(np.flatnonzero(row)) for row in blocks.count])


def _ages(blocks: Blocks) -> np.ndarray:
    """Steps since the last block, at the end of every step after the first block of its path."""
    steps = np.arange(blocks.count.shape[1])
    last = np.maximum.accumulate(np.where(blocks.count > 0, steps, -1), axis=1)
    return (steps - last)[last >= 0]


def test_random_blocks_have_exponential_gaps_and_old_last_blocks() -> None:
    """Mean 12 s at steps of 0.5 s: P(gap > x) = exp(-x / 12), and so for the age of the last."""
    dt, paths, steps = 0.5, 400, 6_000
    blocks = drawn(replace(ONE, spacing="random"), paths, steps, dt)
    total = blocks.count.sum()
    expected = paths * steps * dt / 12.0
    assert abs(total - expected) < 3.0 * sqrt(expected)
    # Two blocks of one step are seen as one: mean gap between steps with blocks, exactly.
    gaps = _gaps(blocks)
    assert abs(gaps.mean() * (1.0 - exp(-dt / 12.0)) - 1.0) < 3.0 / sqrt(gaps.size) + 1e-3
    for seconds in (3.0, 6.0, 12.0, 24.0, 48.0):
        share = (gaps * dt > seconds).mean()
        truth = exp(-seconds / 12.0)
        assert abs(share - truth) < 4.0 * sqrt(truth / gaps.size) + 1e-3
        aged = (_ages(blocks) * dt >= seconds).mean()
        assert abs(aged - truth) < 0.02 * truth + 0.003


def test_constant_blocks_are_half_as_old() -> None:
    """Mean age of the last block: half the spacing, against the whole of it for random ones."""
    dt, paths, steps = 0.5, 400, 4_000
    constant, random = (
        _ages(drawn(replace(ONE, spacing=spacing), paths, steps, dt)).mean() * dt
        for spacing in ("constant", "random")
    )
    # Looked at on a grid: dt / 2 less, as a block counts from the end of its step.
    assert abs(constant - (6.0 - dt / 2.0)) < 0.05
    assert abs(random - (12.0 - dt / 2.0)) < 0.35
    assert set(_gaps(drawn(ONE, 50, 1_000, dt)).tolist()) == {24}


def test_delay_of_a_transaction() -> None:
    """k random blocks away: mean k x spacing, variance k x spacing^2 (Erlang)."""
    dt, k = 0.5, 3
    rule = replace(ONE, spacing="random", inclusion_blocks=k)
    table = landing_steps(rule, drawn(rule, 4_000, 800, dt))
    delay = (table[:, 100] - 100) * dt
    assert abs(delay.mean() - (12.0 * k + dt / 2.0)) < 3.0 * 12.0 * sqrt(k / 4_000)
    assert abs(delay.std() / (12.0 * sqrt(k)) - 1.0) < 0.06


def test_chances_per_block() -> None:
    rule = replace(
        ONE, censorship_probability=0.4, reorganisation_probability=0.05, block_seconds=2.0
    )
    blocks = drawn(rule, 500, 400, 12.0)
    count = blocks.count[:, 1:]
    assert np.all(count == 6)
    share = blocks.open_to_liquidations.sum() / count.sum()
    assert abs(share - 0.6) < 4.0 * sqrt(0.24 / count.sum())
    flagged = blocks.reorganised[:, 1:].mean()
    assert abs(flagged - (1.0 - 0.95**6)) < 4.0 * sqrt(0.2 / count.size)
    assert np.all(blocks.open_to_liquidations <= blocks.count)


def test_share_of_time_halted() -> None:
    """Halts begin like a Poisson process: out of halts exp(-rate x length) of the time."""
    rule = replace(ONE, halts_per_day=24.0, halt_seconds=1_200.0)
    blocks = drawn(rule, 400, 2_000, 12.0)
    assert abs((~blocks.halted[:, 200:]).mean() - exp(-1.0 / 3.0)) < 0.01
    assert not blocks.count[blocks.halted].any()


def _walk(rule: Settlement, blocks: Blocks, p: int, sent: int) -> int:
    """The slow way: follow one transaction block by block, one block per step at most."""
    steps = blocks.count.shape[1]
    waits, included, depth = rule.inclusion_blocks, None, 0
    for step in range(sent + 1, steps):
        if blocks.count[p, step]:
            if included is not None:
                depth += 1
            elif blocks.open_to_liquidations[p, step]:
                waits -= 1
                if waits == 0:
                    included, depth = step, 0
        if included is not None and blocks.reorganised[p, step]:
            if depth < rule.reorganisation_depth:
                return _walk(rule, blocks, p, step)
        if included is not None and depth >= rule.finality_blocks:
            later = range(step + 1, steps)
            # A later reorganisation that still reaches the block drops it, final or not.
            for x in later:
                depth += int(blocks.count[p, x])
                if blocks.reorganised[p, x] and depth < rule.reorganisation_depth:
                    return _walk(rule, blocks, p, x)
            return step
    return steps


def test_landings_without_reorganisations_against_a_slow_walk() -> None:
    rule = Settlement(
        40.0, "random", inclusion_blocks=2, finality_blocks=3, halts_per_day=200.0, halt_seconds=60
    )
    blocks = drawn(rule, 12, 150, 10.0)
    count = np.minimum(blocks.count, 1)
    blocks = Blocks(count, count, blocks.halted, blocks.reorganised)
    table = landing_steps(rule, blocks)
    assert blocks.halted.any() and not blocks.reorganised.any()
    for p in range(12):
        for sent in range(151):
            assert table[p, sent] == _walk(rule, blocks, p, sent), (p, sent)


def test_a_regular_chain_asks_for_no_number_but_its_phase() -> None:
    chancy = (
        {"spacing": "random"},
        {"censorship_probability": 0.1},
        {"reorganisation_probability": 0.1},
        {"halts_per_day": 1.0, "halt_seconds": 60.0},
    )
    for more in chancy:
        assert not replace(ONE, **more).regular
    numbers = uniforms(3, Stream.BLOCK, np.arange(6), np.arange(201), NUMBERS)
    bare = numbers.copy()
    bare[:, 1:] = 0.0
    for more in ({}, {"halt_at_seconds": 300.0, "halt_seconds": 60.0}, {"inclusion_blocks": 3}):
        rule = replace(ONE, **more)
        assert rule.regular
        one, other = draw_blocks(rule, numbers, 5.0), draw_blocks(rule, bare, 5.0)
        for name in ("count", "open_to_liquidations", "halted", "reorganised"):
            assert np.array_equal(getattr(one, name), getattr(other, name)), name
        alone = regular_blocks(rule, numbers[:, 0, 0], 200, 5.0)
        for name in ("count", "open_to_liquidations", "halted", "reorganised"):
            assert np.array_equal(getattr(one, name), getattr(alone, name)), name


@pytest.mark.parametrize("spacing", ["constant", "random"])
def test_landings_against_a_slow_walk(spacing: str) -> None:
    rule = Settlement(
        40.0,
        spacing,
        inclusion_blocks=2,
        finality_blocks=3,
        reorganisation_probability=0.15,
        reorganisation_depth=3,
        halts_per_day=200.0,
        halt_seconds=60.0,
    )
    for some in (rule, replace(rule, finality_blocks=0), replace(rule, reorganisation_depth=6)):
        blocks = drawn(some, 12, 150, 10.0)
        # The walk knows one block per step; two are taken for one.
        count = np.minimum(blocks.count, 1)
        rng = np.random.default_rng(8)
        let_in = count * (rng.random(count.shape) < 0.7).astype(np.int32)
        blocks = Blocks(count, let_in, blocks.halted, blocks.reorganised)
        table = landing_steps(some, blocks)
        assert blocks.reorganised.sum() > 20 and blocks.halted.any()
        for p in range(12):
            for sent in range(151):
                assert table[p, sent] == _walk(some, blocks, p, sent), (p, sent)


def test_refused() -> None:
    with pytest.raises(InputError, match="halt_seconds"):
        Settlement(12.0, halts_per_day=1.0)
