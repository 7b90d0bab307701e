"""What came on one path of a Case: its prices, jumps and failures, and so its causes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from seawall.cascade.draws import Draws
from seawall.cascade.engine import BASE, Runs, draw
from seawall.cascade.failures import FailureMemory
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.state import State, base_worlds
from seawall.case import Case
from seawall.exposure.explain.causes import (
    ATTACKER,
    JUMPS,
    RATES,
    Cause,
    Layer,
    failure_name,
    has_rates,
)
from seawall.exposure.explain.rerun import PathOf
from seawall.foundation.random import Stream, path_words, uniforms
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.scenario.poisson import step_chances

# Models whose common jumps can be taken out, all else equal.
WITH_JUMPS = ("jump_diffusion", "self_exciting")


@dataclass(frozen=True)
class CameOn:
    """The path itself, the causes of the world on it, and failures that came {index: step}."""

    path: PathOf
    causes: tuple[Cause, ...]
    failures: dict[int, int]


def path_of(setup: Setup, number: int, steps: int, seed: int) -> PathOf:
    """One path of a run as `seawall check` draws it, with and without its jumps."""
    runs = Runs(np.array([number]), np.zeros(1, dtype=np.int64))
    prices = draw(setup, (BASE,), runs, steps, seed)[0]
    still = _without_jumps(setup.case)
    if still is None:
        return PathOf(number, seed, prices)
    calm = draw(replace(setup, case=still), (BASE,), runs, steps, seed)[0]
    return PathOf(number, seed, prices, calm if _jumped(setup, number, steps, seed) else None)


def _jumped(setup: Setup, number: int, steps: int, seed: int) -> bool:
    """Whether a common jump came; where jumps excite one another they always count as come.

    Prices without jumps lack what makes up for jumps on average too, so they differ everywhere.
    """
    scenario = setup.case.market.scenario
    if scenario.model != "jump_diffusion":
        return True
    years = setup.step_seconds / SECONDS_PER_YEAR
    none = step_chances(scenario.jumps_per_year * years)[0]
    words = path_words(seed, np.array([number]))
    drawn = uniforms(seed, Stream.JUMP_TIME, words, np.arange(steps), 1)
    return bool(np.any(drawn >= none))


def _without_jumps(case: Case) -> Case | None:
    """The Case whose prices never jump; None where its model has none to take out."""
    scenario = case.market.scenario
    if scenario.model not in WITH_JUMPS:
        return None
    parameters = dict(scenario.parameters)
    table = parameters.get(scenario.model)
    if isinstance(table, dict):
        parameters[scenario.model] = {**table, "base_rate": 0.0}
    quiet = replace(scenario, jumps_per_year=0.0, parameters=parameters)
    return replace(case, market=replace(case.market, scenario=quiet))


def came_on(setup: Setup, path: PathOf) -> CameOn:
    """What the world did on a path: causes in the order of the page."""
    failed = _failures(setup, path)
    calm = path.prices if path.calm is None else path.calm
    out = []
    for k, name in enumerate(setup.table.assets):
        if np.any(calm[:, k] != calm[0, k]):
            out.append(Cause(f"price:{name}", f"{name} price", Layer.WORLD))
    if path.calm is not None:
        out.append(Cause(JUMPS, "jumps of all prices", Layer.WORLD))
    if has_rates(setup.case):
        out.append(Cause(RATES, "funding and interest", Layer.WORLD))
    placed = () if setup.failures is None else setup.failures.placed
    for i in failed:
        out.append(Cause(f"failure:{i}", failure_name(placed[i].failure), Layer.WORLD))
    if setup.attack is not None:
        out.append(Cause(ATTACKER, "the attacker", Layer.WORLD))
    return CameOn(path, tuple(out), failed)


def _failures(setup: Setup, path: PathOf) -> dict[int, int]:
    """Step at which each failure comes on the path as it was; others are left out."""
    if setup.failures is None:
        return {}
    last = path.prices.shape[0] - 1
    seen: list[FailureMemory] = []

    def note(step: int, state: State) -> None:
        if state.failures is not None:
            seen.append(state.failures)

    draws = Draws(path.seed, np.array([path.number]))
    run(setup, path.prices[None], worlds=base_worlds(1), draws=draws, observe=note)
    first = seen[-1].first[0] if seen else np.zeros(0)
    return {i: int(step) for i, step in enumerate(first) if step <= last}
