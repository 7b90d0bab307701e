"""L1, L4, L6, L7 and L10 on paths of each scenario model that has parameters of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from random_cases import EXAMPLES, Recipe, build, laws, recipes
from test_l1_money import assert_conserved
from test_l4_waterfall import fund_flows, watched
from test_l6_same_tape import CHUNKS, FILTER, assert_same
from test_l7_scale import assert_scaled, scaled
from tiny_cases import run_case

from seawall.cascade import engine
from seawall.cascade.engine import BASE, Runs, World, draw, prepare, simulate
from seawall.cascade.reference import run
from seawall.cascade.tape import join
from seawall.case import Case
from seawall.casefile import sample_case
from seawall.exposure import check
from seawall.market import PriceHistory
from seawall.report import jsonfile
from seawall.scenario.models import WITH_PARAMETERS

few = settings(laws, max_examples=max(2, EXAMPLES // 8))
STEPS = 12
WINDOW_STEPS = 48
# Prices move about as much in these steps as the random Cases' own paths do.
WILD = World(volatility=40.0)

PARAMETERS: dict[str, dict[str, Any]] = {
    "self_exciting": {
        "base_rate": 20_000.0,
        "branching": 0.7,
        "decay_seconds": 300.0,
        "jump_mean": -0.0005,
        "jump_volatility": 0.001,
    },
    "stochastic_volatility": {"deviation": 1.0, "decay_seconds": 3600.0, "leverage": -0.7},
    "bootstrap": {"history": "minutes.csv", "block_seconds": 600.0},
    "filtered_history": {
        "history": "minutes.csv",
        "forecasts": "forecasts.csv",
        "columns": "any",
    },
    "heavy_tail": {"left_index": 2.5, "right_index": 3.5},
}


def under(case: Case, model: str, bar: float) -> Case:
    """The Case under a model, with a history of bars of this length for all that moves."""
    names = tuple(n for n, a in case.market.assets.items() if a.volatility > 0.0)
    shock = np.random.default_rng(4).standard_t(4.0, (400, len(names))) * 0.002
    price = np.exp(np.cumsum(shock, axis=0))
    price[200] = np.nan
    past = PriceHistory((np.arange(400) * bar).astype(np.int64), names, price)
    wave = np.tile(0.5 + 0.3 * np.sin(past.time)[:, None], (1, len(names)))
    forecasts = PriceHistory(past.time, names, wave)
    written = dict(PARAMETERS[model])
    if model == "filtered_history":
        written["window_seconds"] = WINDOW_STEPS * bar
    scenario = replace(case.market.scenario, model=model, parameters={model: written})
    market = replace(
        case.market,
        scenario=scenario,
        histories={"minutes.csv": past, "forecasts.csv": forecasts},
        jump_beta=dict.fromkeys(names, 1.0),
    )
    return replace(case, market=market)


def test_every_model_is_here() -> None:
    assert set(PARAMETERS) == set(WITH_PARAMETERS)


@pytest.mark.parametrize("model", sorted(PARAMETERS))
def test_laws_hold_under(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    events = []

    @few
    @given(recipes(deep=False, healthy=False))
    def holds(recipe: Recipe) -> None:
        plain, _ = build(recipe)
        case = under(plain, model, plain.step_seconds)
        runs = Runs(np.arange(4), np.zeros(4, dtype=np.int64))
        exogenous = draw(prepare(case), (WILD,), runs, STEPS, recipe.seed)
        with watched():
            setup, tape, state = run_case(case, exogenous)
        fund_flows(setup, tape, state)
        assert_conserved(setup, exogenous, state)
        _, unfiltered, _ = run_case(case, exogenous, filtered=False)
        assert_same(tape, unfiltered, FILTER)
        parts = [run(setup, exogenous[a:b])[0] for a, b in ((0, 1), (1, 4))]
        assert_same(join(parts), tape, CHUNKS)
        _, other, _ = run_case(scaled(case, 2.0), exogenous)
        assert_scaled(tape, other, 2.0, exact=True)
        whole = simulate(setup, (WILD,), runs, steps=STEPS, seed=recipe.seed)
        monkeypatch.setattr(engine, "CHUNK", 1)
        assert_same(simulate(setup, (WILD,), runs, steps=STEPS, seed=recipe.seed), whole, CHUNKS)
        monkeypatch.setattr(engine, "CHUNK", 900)
        events.append(tape.kind.size)

    holds()
    assert sum(events) > 0, f"{model}: nothing happened, the test tests nothing"


@pytest.mark.parametrize("model", ["bootstrap", "self_exciting"])
def test_the_answer_of_a_case_is_the_same_bytes(model: str) -> None:
    sample = sample_case(crowd=2)
    case = under(sample, model, 300.0)
    one, other = (
        jsonfile.dumps(check(case, horizon_seconds=3_600.0, paths=6, seed=3)) for _ in range(2)
    )
    assert one == other
    runs = Runs(np.arange(3), np.zeros(3, dtype=np.int64))
    prices = [draw(prepare(c), (BASE,), runs, 5, 3) for c in (case, sample)]
    assert not np.array_equal(*prices)
