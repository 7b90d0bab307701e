"""L1, L2, L4, L5, L6, L7 and L10 on random Cases with a random combination of rules in all slots.

Each Case is run and held to L1, L2 and L4, then run in seven further ways that must make no
difference, or a known one. SEAWALL_LAW_RUNS is the number of random Cases; `make test-all` asks
for 10,000.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from combinations import case_of, combination, fillings, smallest, without
from every_rule import PLACES
from law_runs import ACTING, MANY, RUNS, SHARDS, for_each_number
from one_run import Observer, observing
from test_behaviour_on import everybody_looks
from test_failures_on import KINDS
from test_l5_zero_impact import PRICE
from test_l6_compiled import COMPILED
from test_l6_same_tape import CHUNKS, FILTER, assert_same
from test_l7_scale import assert_scaled
from tiny_cases import Floats

from seawall.cascade import owners
from seawall.cascade.draws import Draws
from seawall.cascade.engine import PRICE_ONLY, Runs, path_worlds, prepare
from seawall.cascade.fast.engine import run_fast
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.table import MARKET_SLOTS, VENUE_SLOTS
from seawall.cascade.tape import Tape, join
from seawall.mechanism.fuzz.trial import Trial

AGAIN = "L10: same seed, same Case: same tape, from a Case compiled anew"
RUNAWAY = "runs away beyond every number"
# Powers of two change no rounding.
FACTORS = (2.0, 0.25, 1024.0)
Second = Callable[[Trial, Setup, Floats, Tape, State], None]


def draws(trial: Trial, first: int = 0, last: int | None = None) -> Draws:
    """The random numbers of some of a Case's paths: each Case has a seed of its own."""
    return Draws(trial.recipe.seed, np.arange(trial.recipe.paths)[first:last])


def unfiltered(trial: Trial, setup: Setup, exogenous: Floats, tape: Tape, end: State) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owners, "to_look_at", everybody_looks)
        other, _ = run(setup, exogenous, filtered=False, draws=draws(trial))
    assert_same(tape, other, FILTER)


def in_parts(trial: Trial, setup: Setup, exogenous: Floats, tape: Tape, end: State) -> None:
    if trial.recipe.paths < 2:
        return
    cuts = ((0, 1), (1, trial.recipe.paths))
    parts = [run(setup, exogenous[a:b], draws=draws(trial, a, b))[0] for a, b in cuts]
    assert_same(join(parts), tape, CHUNKS)


def compiled(trial: Trial, setup: Setup, exogenous: Floats, tape: Tape, end: State) -> None:
    other, _ = run_fast(setup, exogenous, draws=draws(trial))
    assert_same(other, tape, COMPILED)


def scaled(trial: Trial, setup: Setup, exogenous: Floats, tape: Tape, end: State) -> None:
    c = FACTORS[trial.recipe.seed % len(FACTORS)]
    case, same = case_of(trial, c)
    other, _ = run(prepare(case), same, draws=draws(trial))
    assert_scaled(tape, other, c, exact=True)


def anew(trial: Trial, setup: Setup, exogenous: Floats, tape: Tape, end: State) -> None:
    case, same = case_of(trial)
    other, _ = run(prepare(case), same, draws=draws(trial))
    assert_same(tape, other, AGAIN)


def prices_alone(trial: Trial, setup: Setup, exogenous: Floats, tape: Tape, end: State) -> None:
    runs = Runs(np.arange(trial.recipe.paths), np.zeros(trial.recipe.paths, dtype=np.int64))
    worlds = path_worlds((PRICE_ONLY,), runs)
    other, state = run(setup, exogenous, worlds=worlds, draws=draws(trial))
    assert np.array_equal(other.trough, exogenous.min(axis=1)), PRICE
    assert np.array_equal(other.peak, exogenous.max(axis=1)), PRICE
    assert np.array_equal(other.final, exogenous[:, -1]), PRICE
    assert np.array_equal(state.market, exogenous[:, -1]), PRICE


SECOND: Mapping[str, Second] = {
    "L5 prices alone": prices_alone,
    "L6 filter": unfiltered,
    "L6 parts": in_parts,
    "L6 compiled": compiled,
    "L7 scale": scaled,
    "L10 anew": anew,
}


def first_run(observer: Observer, trial: Trial) -> tuple[Setup, Floats, Tape, State]:
    """One random Case and its run, with all that one run shows."""
    case, exogenous = case_of(trial)
    setup = prepare(case)
    return setup, exogenous, *observer.run(setup, exogenous, draws(trial))


def held(observer: Observer, trial: Trial, laws: Mapping[str, Second]) -> None:
    """Hold a Case to all laws; where one is broken, say the smallest Case that breaks it."""
    law, second = "L1, L2 and L4 in one run", nothing_more
    try:
        one = first_run(observer, trial)
        for law, second in laws.items():  # noqa: B007 - the last one is what is broken
            second(trial, *one)
    except Exception as broken:
        if RUNAWAY in str(broken):  # refused in a sentence: no run, and no answer
            observer.totals["refused"] += 1
            return
        small = smallest(trial, lambda t: second(t, *first_run(observer, t)), type(broken))
        said = str(broken).splitlines()[0]
        raise AssertionError(f"{law}: {said}\nsmallest Case: {small}") from broken


def nothing_more(trial: Trial, *one: object) -> None:
    """No second run."""


def assert_lively(observer: Observer, count: int) -> None:
    """The Cases of a test show something: few are refused, many accounts fall and are covered."""
    totals = observer.totals
    assert totals["runs"] + totals["refused"] == count, totals
    assert totals["refused"] + totals["beyond"] <= count / 50, totals
    assert totals["closed"] > count / 2 and totals["covered"] > count / 8, totals


@pytest.mark.parametrize("shard", range(SHARDS))
def test_laws_hold_with_any_rules(shard: int) -> None:
    with observing() as observer:
        count = for_each_number(
            -(-RUNS // SHARDS),
            shard,
            SHARDS + 1,
            lambda n: held(observer, combination(n), SECOND),
        )
    assert count * SHARDS >= RUNS
    assert_lively(observer, count)


def test_every_rule_acts() -> None:
    """Each rule in turn is put into a random combination, with time to act and little beside it:
    without it the run is another one, with it all laws hold.
    """
    acted, tried = Counter(), Counter()

    def hold(number: int) -> None:
        wanted = min(PLACES, key=lambda name: (acted[name] > 0, tried[name]))
        trial = combination(number, wanted)
        key = next(key for key, name in fillings(trial).items() if name == wanted)

        def differs(t: Trial, setup: Setup, exogenous: Floats, tape: Tape, end: State) -> None:
            rest = prepare(case_of(without(t, key))[0])
            other, state = run(rest, exogenous, draws=draws(trial))
            acted[wanted] += not same_end(tape, end, other, state)

        tried[wanted] += 1
        held(observer, trial, {"what a rule does": differs, **SECOND})

    with observing() as observer:
        count = for_each_number(ACTING, SHARDS, SHARDS + 1, hold)
        assert_lively(observer, count)
    assert set(tried) == set(PLACES), "rules that no Case had"
    slots = {name.split()[0] for name in acted if acted[name]}
    assert slots == set(VENUE_SLOTS) | set(MARKET_SLOTS), "slots that never acted"
    never = [name for name in PLACES if not acted[name]]
    # In a quick run each slot has to act, in a long one each rule of each.
    assert not never or ACTING < MANY, f"rules that never acted in {count} Cases: {never}"


def same_end(one: Tape, end: State, other: Tape, state: State) -> bool:
    """Whether two runs wrote one tape and left everybody with the same holdings."""
    if one.kind.size != other.kind.size or end.holdings.cash.shape != state.holdings.cash.shape:
        return False
    columns = ("kind", "step", "unit", "notional", "fee", "trough", "peak", "final")
    return (
        all(np.array_equal(getattr(one, name), getattr(other, name)) for name in columns)
        and np.array_equal(end.holdings.cash, state.holdings.cash)
        and np.array_equal(end.holdings.size, state.holdings.size)
    )


def test_the_table_has_every_rule() -> None:
    """A rule that is new in the engine has to stand in every_rule.py too."""
    for slot, rules in {**VENUE_SLOTS, **MARKET_SLOTS}.items():
        names = {name.split()[-1] for name in PLACES if name.split()[0] == slot}
        several = {"failures": set(KINDS), "attacker": {"sell", "withdraw", "borrow"}}
        wanted = several.get(slot, set(rules) if len(rules) > 1 else {slot})
        assert names == wanted, f"{slot}: {names} in the table, {wanted} in the engine"
