"""Random Cases with a random combination of rules in all slots, from a number.

A combination is a `Trial` of the fuzzer, {"place/slot": table} and a recipe, so that the fuzzer's
own `shrink` makes one that fails smaller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from every_rule import LAYER, PLACES, RULES, Table, larger, named
from numpy.random import Generator
from random_cases import LAYERS, Recipe, build
from test_failures_on import SHOCK, failures
from tiny_cases import Floats

from seawall.case import Case
from seawall.mechanism.fuzz.scaled import scaled
from seawall.mechanism.fuzz.shrink import shrink, told
from seawall.mechanism.fuzz.trial import Trial
from seawall.venues import Feed

# How likely it is that a slot is filled: many slots together stop each other, few never meet.
DENSITY = (0.03, 0.1, 0.25)
STEPS = (1, 1, 2, 2, 3, 3, 6)
# A rule that is wanted gets time to act, accounts to act on, and little beside it.
LONG, SPARSE, MANY_ACCOUNTS = 6, 0.04, 7
# What a venue does that leaves the slot empty, and something else.
INSTEAD = {
    "adl hyperliquid": {"rule": "pro_rata_contracts"},
    "socialise equity_pro_rata": {"rule": "cash_haircut"},
}
CASH = ("fund", "socialised")


def combination(number: int, wanted: str | None = None) -> Trial:
    """The combination of a number; with the filling ``wanted`` in one place that may have it."""
    rng = np.random.default_rng(number)
    recipe = _recipe(rng, number)
    density = float(rng.choice(DENSITY)) if wanted is None else SPARSE
    chosen: dict[str, Table] = {}
    for place, slots in RULES.items():
        for slot, tables in slots.items():
            if rng.random() < density:
                chosen[f"{place}/{slot}"] = _one(rng, tables)
    if wanted is not None:
        recipe = _with(rng, recipe, chosen, wanted)
    return fitting(Trial(recipe, chosen))


def _one(rng: Generator, of: Any) -> Any:
    return of[int(rng.integers(len(of)))]


def _recipe(rng: Generator, number: int) -> Recipe:
    return Recipe(
        seed=number,
        linear=int(rng.integers(2, 6)),
        inverse=int(rng.random() < 0.3),
        borrowers=int(rng.integers(0, 3)),
        writers=int(rng.random() < 0.3),
        layers=_one(rng, LAYERS),
        capital=float(rng.choice([0.0, 0.01, 0.1])),
        deep=bool(rng.random() < 0.1),
        lag=bool(rng.random() < 0.4),
        rates=bool(rng.random() < 0.5),
        healthy=bool(rng.random() < 0.3),
        square_root=bool(rng.random() < 0.3),
        total=bool(rng.random() < 0.1),
        paths=2,
        steps=int(rng.choice(STEPS)),
    )


def _with(rng: Generator, recipe: Recipe, chosen: dict[str, Table], wanted: str) -> Recipe:
    """Put the filling ``wanted`` in; the recipe with what it needs to be asked."""
    place = _one(rng, PLACES[wanted])
    slot = wanted.split()[0]
    fillings = [table for table in RULES[place][slot] if named(slot, table) == wanted]
    chosen[f"{place}/{slot}"] = _one(rng, fillings)
    for other in {"keepers": (), "auction": ("sizing",), "sizing": ("auction",)}.get(slot, ()):
        chosen.pop(f"{place}/{other}", None)
    if slot == "keepers" and place != "lender":
        chosen[f"{place}/auction"] = RULES[place]["auction"][0]
    if slot == "keepers" and place == "lender":
        chosen.pop("lender/auction", None)  # a batch auction cannot be without them
    if slot == "depth":
        chosen.pop("market/makers", None)
    layers = recipe.layers
    if place != "market" and LAYER.get(slot, "") not in ("", *layers):
        layers = (*layers, LAYER[slot])
    lends = max(recipe.borrowers, 2) if place == "lender" else recipe.borrowers
    writes = 1 if place == "options" else recipe.writers
    recipe = replace(recipe, layers=layers, borrowers=lends, writers=writes, deep=False)
    recipe = replace(recipe, steps=LONG, linear=MANY_ACCOUNTS, capital=0.01, lag=True)
    return replace(recipe, healthy=False, total=False)


def fitting(trial: Trial) -> Trial:
    """Without the slots that others, or the waterfall, leave no room for."""
    values = dict(trial.values)
    for key in trial.values:
        place, slot = key.split("/")
        refilled = "fee_share" in values[key]
        if not _has_room(trial.recipe, place, slot, set(values)) or (
            refilled and trial.recipe.deep
        ):
            del values[key]
        elif place == "lender" and values[key].get("rule") == "batch":
            values.setdefault("lender/keepers", RULES[place]["keepers"][0])
    return replace(trial, values=values)


def _has_room(recipe: Recipe, place: str, slot: str, filled: set[str]) -> bool:
    """Whether a slot can be filled beside the others."""
    lends = place == "lender"
    beside = {key.split("/")[1] for key in filled if key.startswith(place)}
    layers = [layer for layer in recipe.layers if place == "perps" or layer in CASH]
    if slot in LAYER and not (lends and slot == "run"):
        return LAYER[slot] in layers
    if slot == "attacker":
        return not recipe.deep  # no flow moves an infinitely deep market
    if slot == "keepers":
        return lends or "auction" in beside
    return {"sizing": "auction", "depth": "makers"}.get(slot, "") not in beside


def fillings(trial: Trial) -> dict[str, str]:
    """{"place/slot": the filling's name}."""
    return {key: named(key.split("/")[1], table) for key, table in trial.values.items()}


def without(trial: Trial, key: str) -> Trial:
    """The combination without one of its slots; of a rule that stands where none is written, with
    another one in its place.
    """
    name = fillings(trial)[key]
    rest = {k: table for k, table in trial.values.items() if k != key}
    other = INSTEAD.get(name)
    return fitting(replace(trial, values=rest if other is None else {**rest, key: other}))


def case_of(trial: Trial, c: float = 1.0) -> tuple[Case, Floats]:
    """The Case of a combination, all money times ``c``, and its exogenous paths."""
    plain, exogenous = build(trial.recipe)
    case = scaled(plain, c) if c != 1.0 else plain
    slots: dict[str, dict[str, Any]] = {place: {} for place in RULES}
    for key, table in trial.values.items():
        place, slot = key.split("/")
        slots[place][slot] = table if c == 1.0 else larger(slot, table, c)
    rulebooks = {}
    for name, rules in case.rulebooks.items():
        pulled = slots[name].get("oracle", {}).get("rule") == "pull"
        # A venue pulls its prices or has them pushed; a fund is refilled by takers' fees.
        feed = Feed() if pulled else rules.feed
        fee = 1e-3 if "fund" in slots[name] else rules.taker_fee
        rulebooks[name] = replace(rules, mechanisms=slots[name], feed=feed, taker_fee=fee)
    case = replace(case, rulebooks=rulebooks)
    return _with_market(case, plain, slots["market"], c), exogenous


def _with_market(case: Case, plain: Case, slots: Mapping[str, Any], c: float) -> Case:
    """The Case with these slots in its market, and no older key that contradicts them."""
    market, chosen = case.market, dict(slots)
    scenario = market.scenario
    if "impact" in chosen:
        scenario = replace(scenario, impact="linear")
    if "depth" in chosen or "makers" in chosen:
        scenario = replace(scenario, thinning=0.0)
    if "failures" in chosen:
        kind = chosen["failures"]["kind"]
        chosen["failures"] = {"shock": [SHOCK], kind: failures(kind, plain, c)[kind]}
    if chosen.get("hedgers", {}).get("rule") == "open_interest":
        states = {
            name: replace(state, open_interest=c) if name.startswith("BTC-") else state
            for name, state in market.instruments.items()
        }
        market = replace(market, instruments=states)
    return replace(case, market=replace(market, scenario=scenario, mechanisms=chosen))


def smallest(trial: Trial, hold: Callable[[Trial], object], broken: type[Exception]) -> str:
    """The smallest combination found on which ``hold`` still ends in this error, in words."""

    def breaks(candidate: Trial) -> bool:
        try:
            hold(fitting(candidate))
        except Exception as error:
            return type(error) is broken
        return False

    small = fitting(shrink(trial, breaks))
    slots = ", ".join(f"{key} = {table}" for key, table in small.values.items()) or "no slot"
    return f"{told(small.recipe)}; {slots}"
