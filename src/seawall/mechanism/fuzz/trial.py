"""One random Case with the mechanism in its slot, and the parameters it is tried with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.random import Generator

from seawall.cascade.own.code import OwnFile, load, parameters_of, slot_of
from seawall.case import Case
from seawall.foundation.quantity import AMOUNT, POSITIVE_AMOUNT, Quantity
from seawall.mechanism.fuzz.random_case import LAYERS, Recipe, build
from seawall.mechanism.fuzz.scaled import scaled
from seawall.mechanism.fuzz.small_case import Floats

# What the waterfall and the venues must have for the slot to be asked at all.
_LAYER = {"adl": "adl", "socialise": "socialised"}
# One example in so many is a long one: some things go wrong late.
LONG_EVERY, LONG_STEPS, LONG_PATHS = 20, 1_000, 2
# Where in its range a random parameter may lie: bounds are tried by themselves.
DECADES = 3.0


@dataclass(frozen=True)
class Subject:
    """What is tried: the file, its slot, and the dataclass of its parameters."""

    file: OwnFile
    slot: str
    parameters: type

    @property
    def venue(self) -> str:
        """The venue of random Cases that has the mechanism."""
        return "lender" if self.slot == "auction" else "perps"


@dataclass(frozen=True)
class Trial:
    """A recipe for the Case and the parameters that are not left at their defaults."""

    recipe: Recipe
    values: Mapping[str, Any] = field(default_factory=dict)


def subject_of(file: OwnFile) -> Subject:
    """Slot and parameters of a file. Raises InputError where it is no mechanism."""
    module = load(file)
    return Subject(file, slot_of(module, file), parameters_of(module, file))


def nth_trial(subject: Subject, seed: int, example: int) -> Trial:
    """The trial of an example, the same whoever asks."""
    trial = random_trial(subject, np.random.default_rng([seed, example]))
    if example % LONG_EVERY == LONG_EVERY - 1:
        recipe = replace(trial.recipe, steps=LONG_STEPS, paths=LONG_PATHS)
        return replace(trial, recipe=recipe)
    return trial


def random_trial(subject: Subject, rng: Generator) -> Trial:
    """A recipe in which the slot is asked, and parameters at defaults, at bounds or between."""
    needed = _LAYER.get(subject.slot)
    layers = [way for way in LAYERS if needed is None or needed in way]
    lends = subject.slot == "auction"
    recipe = Recipe(
        seed=int(rng.integers(2**32)),
        linear=int(rng.integers(2, 7)),
        inverse=int(rng.integers(0, 3)),
        borrowers=int(rng.integers(2 if lends else 0, 5 if lends else 3)),
        writers=int(rng.integers(0, 2)),
        layers=layers[int(rng.integers(len(layers)))],
        capital=float(rng.choice([0.0, 0.0, 0.01, 0.1])),
        deep=bool(rng.random() < 0.3),
        lag=bool(rng.random() < 0.3),
        rates=bool(rng.random() < 0.5),
        healthy=bool(rng.random() < 0.3),
        square_root=bool(rng.random() < 0.3),
        total=bool(rng.random() < 0.2),
    )
    return Trial(recipe, random_values(subject.parameters, rng))


def random_values(parameters: type, rng: Generator) -> dict[str, Any]:
    """Parameters: in two trials of five the defaults, in one each the bounds, else at random."""
    way = ("default", "default", "low", "high", "between")[int(rng.integers(5))]
    out: dict[str, Any] = {}
    for one in fields(parameters):
        needed = one.default is MISSING and one.default_factory is MISSING
        if way != "default" or needed:
            value = _value(one.metadata, str(one.type), "between" if way == "default" else way, rng)
            if value is not None:
                out[one.name] = value
    return out


def _value(metadata: Mapping[str, Any], kind: str, way: str, rng: Generator) -> Any:
    if "quantity" in metadata:
        return _number(metadata["quantity"], way, rng)
    if "whole" in metadata:
        low, high = metadata["whole"]
        return {"low": low, "high": high}.get(way, int(rng.integers(low, min(high, low + 100) + 1)))
    if "words" in metadata:
        return metadata["words"][int(rng.integers(len(metadata["words"])))]
    return bool(rng.random() < 0.5) if kind == "bool" else None


def _number(quantity: Quantity, way: str, rng: Generator) -> float:
    low, high = quantity.low, quantity.high
    step = 1e-6 * min(high - low, 1.0)
    if way == "low":
        return low + step if quantity.open_low else low
    if way == "high":
        return high - step if quantity.open_high else high
    if high - low <= 1e3:
        return float(rng.uniform(low + step, high - step))
    # Of wide ranges the decades about 1, or about 10,000 where it is money.
    middle = 4.0 if quantity in (AMOUNT, POSITIVE_AMOUNT) else 0.0
    return float(min(max(10.0 ** (middle + DECADES * rng.uniform(-1, 1)), low + step), high))


def case_of(subject: Subject, trial: Trial, c: float = 1.0) -> tuple[Case, Floats]:
    """The Case with the mechanism on and its exogenous paths, all money times ``c``."""
    plain, exogenous = build(trial.recipe)
    case = scaled(plain, c) if c != 1.0 else plain
    values = {name: _scaled(subject, name, x, c) for name, x in _written(subject, trial).items()}
    rules = replace(
        case.rulebooks[subject.venue],
        mechanisms={subject.slot: {"file": subject.file, **values}},
    )
    return replace(case, rulebooks={**case.rulebooks, subject.venue: rules}), exogenous


def _written(subject: Subject, trial: Trial) -> dict[str, Any]:
    """Parameters of the trial; sums of money also where they are at their defaults."""
    money = {
        one.name: one.default
        for one in fields(subject.parameters)
        if one.metadata.get("quantity") in (AMOUNT, POSITIVE_AMOUNT)
        and one.default not in (MISSING, None)
    }
    return {**money, **trial.values}


def _scaled(subject: Subject, name: str, value: Any, c: float) -> Any:
    quantity = {f.name: f.metadata.get("quantity") for f in fields(subject.parameters)}[name]
    return value * c if quantity in (AMOUNT, POSITIVE_AMOUNT) else value


def standstill(exogenous: Floats) -> Floats:
    """Paths that stay where they start."""
    return np.repeat(exogenous[:, :1], exogenous.shape[1], axis=1)
