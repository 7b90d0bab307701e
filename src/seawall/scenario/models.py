"""Models of paths that have parameters of their own: word, what it is, its parameters, its moves.

The word stands in ``[scenario] model = ...`` of market.toml, the parameters in ``[scenario.WORD]``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.foundation.record import read_record
from seawall.foundation.section import Section
from seawall.scenario import (
    bootstrap,
    filtered_history,
    heavy_tail,
    self_exciting,
    stochastic_volatility,
)
from seawall.scenario.bootstrap import Bootstrap
from seawall.scenario.draw import Draw
from seawall.scenario.filtered_history import FilteredHistory
from seawall.scenario.heavy_tail import HeavyTail
from seawall.scenario.self_exciting import SelfExciting
from seawall.scenario.stochastic_volatility import StochasticVolatility

Floats = NDArray[np.float64]

# Models whose numbers stand in [scenario] itself; `paths` draws them.
MODELS: dict[str, str] = {
    "diffusion": "correlated log-normal moves with constant volatility",
    "jump_diffusion": "the same plus rare jumps common to all assets, scaled by each one's beta",
}


@dataclass(frozen=True)
class Model:
    """One model: a line of text, the frozen dataclass of its parameters, what draws log-returns."""

    text: str
    parameters: type
    moves: Callable[[Any, Draw], Floats]


WITH_PARAMETERS: Mapping[str, Model] = {
    "self_exciting": Model(
        "diffusion plus common jumps that make further jumps more likely for a while",
        SelfExciting,
        self_exciting.moves,
    ),
    "stochastic_volatility": Model(
        "volatility that wanders, returns to its mean and rises when prices fall",
        StochasticVolatility,
        stochastic_volatility.moves,
    ),
    "bootstrap": Model(
        "blocks of real history of all assets, put together at random", Bootstrap, bootstrap.moves
    ),
    "filtered_history": Model(
        "windows of real history, each at the volatility of today instead of its own",
        FilteredHistory,
        filtered_history.moves,
    ),
    "heavy_tail": Model(
        "independent steps with Pareto tails that come together", HeavyTail, heavy_tail.moves
    ),
}


def model_texts() -> dict[str, str]:
    """Every model that a Case may name, with one line on it."""
    return {**MODELS, **{name: model.text for name, model in WITH_PARAMETERS.items()}}


def read_parameters(section: Section, model: str) -> object:
    """The parameters of ``model`` from its table ``[scenario.<model>]``.

    Raises InputError naming file, line and key for what is missing, unknown or out of bounds.
    """
    try:
        return read_record(section, WITH_PARAMETERS[model].parameters)
    except InputError as error:
        if error.file is not None:
            raise
        # Numbers that do not fit together: the model knows its sentence, not its place.
        raise section.refuse(None, f"cannot be used: {error}") from None


def moves_of(draw: Draw) -> Floats:
    """Log-returns (p, s, k) of the market's model, which is one of WITH_PARAMETERS.

    Raises InputError for parameters that are missing or wrong.
    """
    scenario = draw.market.scenario
    table = scenario.parameters.get(scenario.model, {})
    top = Section({scenario.model: table}, "market", ("scenario",))
    law = read_parameters(top.section(scenario.model), scenario.model)
    return WITH_PARAMETERS[scenario.model].moves(law, draw)
