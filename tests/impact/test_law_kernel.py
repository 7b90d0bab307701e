"""The compiled impact laws give the bits of the plain ones, floors, edges and equal flows too."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.impact import law, law_kernel
from seawall.impact.amm import Amm
from seawall.impact.book_walk import BookWalk, Level
from seawall.impact.concentrated_amm import ConcentratedAmm

Floats = NDArray[np.float64]
LADDER = (Level(0.0, 0.01), Level(0.003, 0.2), Level(0.02, 0.3), Level(0.3, 1.0))
LAWS = {
    "linear": law.named_law("linear"),
    "square_root": law.named_law("square_root"),
    "book_walk": law.slot_law(BookWalk(LADDER, LADDER[:2], 0.0007)),
    "amm": law.slot_law(Amm(0.003)),
    "concentrated_amm": law.slot_law(ConcentratedAmm(0.07, 0.13, 0.0005)),
}


@numba.njit(error_model="numpy")
def every(code: int, constants: Floats, strength: Floats, b0: Floats, b1: Floats) -> Floats:
    out = np.empty((2, b0.size))
    for n in range(b0.size):
        out[0, n] = law_kernel.displacement(code, constants, strength[n], b0[n])
        out[1, n] = law_kernel.average(code, constants, strength[n], b0[n], b1[n])
    return out


@pytest.mark.parametrize("name", LAWS)
def test_same_bits(name: str) -> None:
    chosen, rng = LAWS[name], np.random.default_rng(1)
    n = 100_000
    b0, b1 = rng.normal(size=(2, n)) * np.exp(rng.normal(-3.0, 3.0, (2, n)))
    edges = np.array([0.0, -0.0, 0.01, -0.01, 0.21, -0.21, 0.51, 1.51, -1.51, 0.068816, -400.0])
    b0[: edges.size], b1[edges.size : 2 * edges.size] = edges, edges
    b1[: edges.size // 2] = 0.0
    b1[1_000:2_000] = b0[1_000:2_000]
    strength = np.where(rng.random(n) < 0.1, 0.0, np.exp(rng.normal(-2.0, 1.0, n)))
    found = every(chosen.code, chosen.constants, strength, b0, b1)
    assert np.array_equal(found[0], law.displacement(chosen, strength, b0))
    assert np.array_equal(found[1], law.average(chosen, strength, b0, b1))
    assert np.all(found > 0) and np.isfinite(found).all()


def test_one_flow_does_not_depend_on_those_beside_it() -> None:
    """The square-root law's floor binds for some only: the others keep their bits."""
    chosen, rng = LAWS["square_root"], np.random.default_rng(2)
    b0, b1 = rng.normal(size=(2, 500)) * 300.0
    together = law.average(chosen, 0.1, b0, b1)
    alone = [float(law.average(chosen, 0.1, x, y)) for x, y in zip(b0, b1, strict=True)]
    assert together.tolist() == alone


def test_unknown_names_are_refused() -> None:
    with pytest.raises(InputError, match="'linear' or 'square_root'"):
        law.named_law("cubic")
