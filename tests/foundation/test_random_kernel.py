"""Compiled random numbers and elementary functions: the bits of the plain ones."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from seawall.foundation import elementary, elementary_kernel, random, random_kernel
from seawall.foundation.compiled import Kernel
from seawall.foundation.random import Stream

rng = np.random.default_rng(6)
INPUTS = {
    "exponential": np.concatenate(
        [
            rng.uniform(-720, 720, 20_000),
            rng.normal(0, 1, 20_000),
            [0.0, -708, 709, np.inf, -np.inf],
        ]
    ),
    "logarithm": 2.0 ** rng.uniform(-1000, 1000, 40_000),
    "inverse_normal": np.concatenate(
        [
            rng.integers(1, 2**53, 40_000) * 2.0**-53,
            2.0 ** -rng.uniform(1, 54, 10_000),
            [2.0**-54, 1 - 2.0**-53, 0.5, 0.075, 0.925],
        ]
    ),
}


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_compiled_elementary_functions_have_the_plain_ones_bits(name: str) -> None:
    step = getattr(elementary_kernel, name)

    @numba.njit(error_model="numpy")
    def compiled(x: np.ndarray, out: np.ndarray) -> None:
        for i in range(x.size):
            out[i] = step(x[i])

    x = INPUTS[name]
    out = np.empty_like(x)
    compiled(x, out)
    assert np.array_equal(out.view(np.int64), getattr(elementary, name)(x).view(np.int64))


@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("steps", [[5, 0, 2**32 - 1, 77], list(range(130, 0, -1))])
def test_compiled_uniforms_have_the_plain_ones_bits(
    monkeypatch: pytest.MonkeyPatch, count: int, steps: list[int]
) -> None:
    random_kernel.uniforms.compile()
    given = 0xF1234567_89ABCDEF, Stream.KEEPER, [0, 3, 2**32 - 1], steps, count
    plain = random.uniforms(*given)
    monkeypatch.setattr(random, "WORTH_COMPILED", 1)
    monkeypatch.setattr(random, "_plain", None)
    assert np.array_equal(random.uniforms(*given), plain)


def test_the_plain_twin_serves_until_the_kernel_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "WORTH_COMPILED", 1)
    monkeypatch.setattr(Kernel, "ready", lambda self: False)
    assert random.uniforms(1, Stream.KEEPER, [0], [0], 3).shape == (1, 1, 3)


def test_streams_of_the_kernels_are_those_of_the_enumeration() -> None:
    from seawall.scenario import paths_kernel

    assert paths_kernel.PRICE == Stream.PRICE
    assert paths_kernel.JUMP_TIME == Stream.JUMP_TIME
    assert paths_kernel.JUMP_SIZE == Stream.JUMP_SIZE
