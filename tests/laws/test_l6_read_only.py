"""L6 for a Case that came from another process: on Ray all of its arrays are read-only."""

from __future__ import annotations

import pickle

import pytest
from random_cases import Recipe, build
from test_l6_compiled import COMPILED
from test_l6_same_tape import assert_same

from seawall.cascade.engine import prepare
from seawall.cascade.fast.engine import run_fast
from seawall.cascade.setup import Setup


def as_on_ray(setup: Setup) -> Setup:
    """The same with every array, also an empty one, in memory that cannot be written to."""
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(setup, protocol=5, buffer_callback=buffers.append)
    made: Setup = pickle.loads(data, buffers=[bytes(one.raw()) for one in buffers])
    return made


@pytest.mark.parametrize("borrowers", [0, 1])
@pytest.mark.parametrize("writers", [0, 1])
@pytest.mark.parametrize("linear", [1, 2])
def test_nothing_is_written_into_the_case(linear: int, writers: int, borrowers: int) -> None:
    recipe = Recipe(
        seed=1,
        linear=linear,
        inverse=0,
        borrowers=borrowers,
        writers=writers,
        layers=(),
        capital=0.0,
        deep=False,
        lag=False,
        rates=True,
        healthy=True,
        paths=2,
        steps=5,
    )
    case, exogenous = build(recipe)
    setup = prepare(case)
    own, other = run_fast(as_on_ray(setup), exogenous)[0], run_fast(setup, exogenous)[0]
    assert_same(own, other, COMPILED)
