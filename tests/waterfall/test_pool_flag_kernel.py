"""The compiled step of the pool flag says what the plain one says, on random sides and prices."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.waterfall.pool_flag import flagged
from seawall.waterfall.pool_flag_kernel import flagged_paths, flagged_row
from seawall.waterfall.pool_sides_kernel import PoolMemory, PoolSides


def random_sides(seed: int) -> tuple[PoolSides, PoolMemory, np.ndarray]:
    rng = np.random.default_rng(seed)
    paths, markets, feeds = 40, 5, 4
    market = np.repeat(np.arange(markets), 2)
    g = market.size
    sides = PoolSides(
        market=market,
        side=np.tile([1.0, -1.0], markets),
        feed=rng.integers(0, feeds, g),
        settle=rng.integers(0, feeds, g),
        factor=rng.uniform(0.9, 1.1, g),
        inverse=(rng.random(g) < 0.3).astype(float),
        max_factor=rng.uniform(0.0, 0.9, g),
    )
    price = rng.lognormal(0.0, 1.0, (paths, feeds))
    held = rng.lognormal(2.0, 1.0, (paths, g)) * (rng.random((paths, g)) < 0.8)
    mark = price[:, sides.feed] * sides.factor
    cost = held * np.where(sides.inverse > 0, 1.0 / mark, mark) * rng.uniform(0.7, 1.3, (paths, g))
    # Half of the pools stand exactly where the flag turns.
    settle = price[:, sides.settle]
    gain = np.where(sides.inverse > 0, cost - held / mark, held * mark - cost)
    profit = sides.side * gain * settle
    pool = np.abs(profit[:, ::2]) / np.where(sides.max_factor > 0, sides.max_factor, 1.0)[::2]
    pool *= rng.choice([1.0, rng.uniform(0.5, 2.0)], pool.shape)
    memory = PoolMemory(held, cost, pool, np.zeros(paths, dtype=bool))
    return sides, memory, price


@pytest.mark.parametrize("seed", range(6))
def test_compiled_and_plain_flag_the_same_paths(seed: int) -> None:
    sides, memory, price = random_sides(seed)
    plain = flagged(sides, memory, price).any(axis=1)
    found = [bool(flagged_row(sides, memory, p, price[p])) for p in range(price.shape[0])]
    assert found == plain.tolist()
    out = np.zeros(price.shape[0], dtype=bool)
    flagged_paths(*sides, *memory, price, out)
    assert out.tolist() == found
    assert sum(found) > 0


def test_one_path_by_hand() -> None:
    """Long 10 from 50 at 60 makes 100; a pool of 200 at 0.5 is not flagged, of 199 it is."""
    sides = PoolSides(
        np.array([0]), np.ones(1), np.zeros(1, int), np.ones(1, int), np.ones(1), np.zeros(1),
        np.array([0.5]),
    )  # fmt: skip
    price = np.array([[60.0, 1.0]])
    for pool, expected in ((200.0, False), (199.0, True), (0.0, True), (-5.0, True)):
        memory = PoolMemory(
            np.array([[10.0]]), np.array([[500.0]]), np.array([[pool]]), np.zeros(1, bool)
        )
        assert flagged(sides, memory, price).tolist() == [[expected]]
        assert flagged_row(sides, memory, 0, price[0]) == expected
