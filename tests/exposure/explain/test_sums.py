"""Causes sum to the loss exactly, and with every cause in the rerun is the path itself, bit for
bit: random Cases, random paths, every scope.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_cases import Recipe, build, laws, recipes

from seawall.cascade.draws import Draws
from seawall.cascade.engine import prepare
from seawall.cascade.pieces.compute import Engine
from seawall.cascade.reference import run
from seawall.cascade.state import base_worlds
from seawall.exposure.curve import impairments
from seawall.exposure.explain.attribute import attribute
from seawall.exposure.explain.causes import responses_of
from seawall.exposure.explain.legs import by_leg
from seawall.exposure.explain.losses import losses, owner_of
from seawall.exposure.explain.path import came_on
from seawall.exposure.explain.rerun import PathOf, Reruns

SEED = 3


def check_sums(recipe: Recipe, number: int, *, every_scope: bool) -> float:
    """The largest error of a sum over the scopes, relative to the largest amount in it."""
    case, prices = build(recipe)
    setup = prepare(case)
    steps = prices.shape[1] - 1
    draws = Draws(SEED, np.array([number]))
    tape, _ = run(setup, prices[number : number + 1], worlds=base_worlds(1), draws=draws)
    responses, _ = responses_of(setup)
    path = PathOf(number, SEED, prices[number])
    came = came_on(setup, path)
    scopes = list(impairments(setup, tape))
    worst = 0.0
    for scope in scopes if every_scope else scopes[-1:]:
        reruns = Reruns(setup, scope, steps, Engine.PLAIN)
        split = attribute(reruns, path, (*came.causes, *responses))
        assert np.array_equal(split.total, losses(setup, tape, scope, steps)[0])
        largest = max(1.0, float(np.abs(split.total).max()), float(np.abs(split.parts).max()))
        for m in range(split.total.size):
            whole = math.fsum([split.standing[m], *split.parts[:, m]])
            worst = max(worst, abs(whole - float(split.total[m])) / largest)
        owner = owner_of(scope)
        if owner is not None and not scope.endswith("/loss"):
            legs = by_leg(reruns, path, owner, frozenset(came.failures))
            if legs.names:
                whole = math.fsum([legs.cash, *legs.parts])
                worst = max(worst, abs(whole - float(split.total[0])) / largest)
    return worst


@laws
@given(recipe=recipes(paths=2, steps=6), number=st.integers(0, 1))
@pytest.mark.slow
def test_causes_sum_to_the_loss_in_every_scope(recipe: Recipe, number: int) -> None:
    """Twenty random Cases (SEAWALL_LAW_EXAMPLES: more), desks, venues and the protocol."""
    assert check_sums(recipe, number, every_scope=True) < 1e-9


@pytest.mark.parametrize("seed", [1, 8])
def test_causes_sum_to_the_loss_of_the_protocol(seed: int) -> None:
    """Two fixed Cases, quickly."""
    recipe = Recipe(
        seed, 3, 1, 1, 1, ("fund", "adl", "socialised"), 0.01, False, True, True, False, steps=5
    )
    assert check_sums(recipe, 0, every_scope=False) < 1e-9
