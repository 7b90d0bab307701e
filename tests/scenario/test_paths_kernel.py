"""Compiled prices have the plain ones' bits, whatever the sizes, and serve only when ready."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from seawall.foundation.compiled import Kernel
from seawall.market import AssetState, Market, Scenario
from seawall.scenario import exogenous_paths, paths_kernel
from seawall.scenario import paths as plain

MANY_JUMPS = Scenario(
    model="jump_diffusion",
    branching_ratio=0.3,
    jumps_per_year=200_000.0,
    jump_mean=-0.01,
    jump_volatility=0.02,
)


def market(assets: int, scenario: Scenario, correlation: float = 0.4) -> Market:
    """Assets of rising price, volatility and loading on jumps."""
    names = [f"A{i}" for i in range(assets)]
    states = {
        name: AssetState(
            spot=0.01 * 7.0**i,
            index=1.0,
            oracle=1.0,
            volatility=0.2 * i,
            depth=1e9,
            daily_volume=1e9,
        )
        for i, name in enumerate(names)
    }
    # The last asset goes its own way, so that some of the factor's entries are zero.
    pairs = {(a, b): correlation for a in names[:-1] for b in names[:-1] if a < b}
    loading = {name: 0.5 * i for i, name in enumerate(names)}
    return Market(datetime(2025, 11, 26, tzinfo=UTC), states, {}, scenario, pairs, loading)


def both(
    monkeypatch: pytest.MonkeyPatch, of: Market, steps: int, scale: object
) -> list[np.ndarray]:
    drawn = []
    paths_kernel.draw.compile()
    for threshold in (10**9, 1):
        monkeypatch.setattr(plain, "WORTH_COMPILED", threshold)
        drawn.append(
            exogenous_paths(
                of,
                tuple(of.assets),
                step_seconds=60.0,
                steps=steps,
                paths=np.array([0, 5, 2**31]),
                seed=2**40 + 3,
                volatility_scale=scale,
            )
        )
    return drawn


@pytest.mark.parametrize("scenario", [Scenario(), MANY_JUMPS], ids=["diffusion", "jumps"])
@pytest.mark.parametrize(("assets", "steps"), [(1, 1), (2, 64), (3, 65), (6, 200), (7, 0)])
def test_same_bits(
    monkeypatch: pytest.MonkeyPatch, scenario: Scenario, assets: int, steps: int
) -> None:
    scale = np.array([0.5, 1.0, 30.0])
    slow, fast = both(monkeypatch, market(assets, scenario), steps, scale)
    assert np.array_equal(slow, fast)
    assert assets == 1 or steps == 0 or np.any(np.diff(fast, axis=1) != 0)


def test_same_bits_with_a_factor_by_eigenvectors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Perfect correlation: the factor is full, and its rows do not lie as a triangle's do."""
    slow, fast = both(monkeypatch, market(5, Scenario(), correlation=1.0), 70, 1.0)
    assert np.array_equal(slow, fast)


def test_moves_beyond_what_a_number_holds_stay_at_the_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    slow, fast = both(monkeypatch, market(3, Scenario()), 130, 2e5)
    assert np.array_equal(slow, fast)
    assert np.all(fast >= 0.0)
    assert np.all(np.isfinite(fast))


def test_the_plain_twin_serves_until_the_kernel_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "WORTH_COMPILED", 1)
    monkeypatch.setattr(Kernel, "ready", lambda self: False)

    def refuse(self: Kernel, *arguments: object) -> None:
        raise AssertionError("compiled while somebody was waiting")

    monkeypatch.setattr(Kernel, "__call__", refuse)
    calm = replace(MANY_JUMPS, jumps_per_year=0.0)
    of = market(2, calm)
    prices = exogenous_paths(
        of, tuple(of.assets), step_seconds=60.0, steps=3, paths=np.arange(4), seed=1
    )
    assert prices.shape == (4, 4, 2)
