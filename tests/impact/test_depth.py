"""Depth leaves at once and comes back slowly: worked by hand, and compiled equal to plain."""

from __future__ import annotations

from math import log

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

from seawall.impact import depth_kernel
from seawall.impact.depth import (
    DepthMemory,
    DepthRule,
    Resilience,
    begin_depth,
    compile_depth,
    depth_step,
)

Floats = NDArray[np.float64]


def test_worked_by_hand() -> None:
    # Half of what is missing comes back in a step: exp(-60 / (60 / ln 2)) = 1/2.
    rule = compile_depth(Resilience(thinning=2.0, refill_seconds=60.0 / log(2.0), floor=0.1), 60.0)
    memory = begin_depth(1, 1)
    seen = []
    for felt in (1.0, 3.0, 1.0, 2.0, 100.0, 0.5):
        depth_step(rule, memory, np.array([[felt]]))
        seen.append(float(memory.share[0, 0]))
    # 3 is an excess of 2: 1 / (1 + 2 x 2) = 0.2 at once. Calm again: 0.2 + (1 - 0.2) / 2 = 0.6.
    # An excess of 1 wants 1/3, below 0.6. An excess of 99 wants 1/199: the floor. Then 0.1 + 0.45.
    # The scenario's own thinning would be back at 1 at the third and at the last step.
    assert seen == pytest.approx([1.0, 0.2, 0.6, 1 / 3, 0.1, 0.55])


def test_the_published_floor_is_the_default() -> None:
    assert compile_depth(Resilience(1.0, 60.0), 1.0).floor == 0.02


def test_halving_the_step_changes_little() -> None:
    """What is back after an hour does not depend on the step."""
    for step in (60.0, 15.0):
        rule = compile_depth(Resilience(2.0, 1_800.0), step)
        memory = DepthMemory(np.array([[0.1]]))
        for _ in range(int(3_600 / step)):
            depth_step(rule, memory, np.ones((1, 1)))
        assert float(memory.share[0, 0]) == pytest.approx(1.0 - 0.9 * np.exp(-2.0))


@numba.njit(error_model="numpy")
def compiled(rule: DepthRule, memory: DepthMemory, felt: Floats) -> None:
    for p in range(felt.shape[0]):
        depth_kernel.depth_step(rule, memory, p, felt)


def test_compiled_is_plain() -> None:
    rng = np.random.default_rng(3)
    rule = compile_depth(Resilience(0.7, 333.0, 0.2), 12.0)
    plain, fast = begin_depth(300, 4), begin_depth(300, 4)
    for _ in range(40):
        felt = np.exp(rng.normal(0.3, 1.0, (300, 4)))
        depth_step(rule, plain, felt)
        compiled(rule, fast, felt)
        assert np.array_equal(plain.share, fast.share)
        floored = np.mean(plain.share == 0.2)
        assert 0.0 < floored < 0.5, "both the floor and the refill are at work"
