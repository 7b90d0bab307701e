"""Models of paths that have parameters of their own: word, what it is, its parameters, its moves.

The word stands in ``[scenario] model = ...`` of market.toml, the parameters in ``[scenario.WORD]``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from seawall.foundation.errors import InputError
from seawall.foundation.record import read_record
from seawall.foundation.section import Section
from seawall.scenario.bootstrap import Bootstrap
from seawall.scenario.heavy_tail import HeavyTail
from seawall.scenario.self_exciting import SelfExciting
from seawall.scenario.stochastic_volatility import StochasticVolatility


@dataclass(frozen=True)
class Model:
    """One model: a line of text and the frozen dataclass of its parameters."""

    text: str
    parameters: type


WITH_PARAMETERS: Mapping[str, Model] = {
    "self_exciting": Model(
        "diffusion plus common jumps that make further jumps more likely for a while", SelfExciting
    ),
    "stochastic_volatility": Model(
        "volatility that wanders, returns to its mean and rises when prices fall",
        StochasticVolatility,
    ),
    "bootstrap": Model("blocks of real history of all assets, put together at random", Bootstrap),
    "heavy_tail": Model("independent steps with Pareto tails that come together", HeavyTail),
}


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
