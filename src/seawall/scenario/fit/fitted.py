"""What a fit answers: a model's numbers as a Case writes them, each with its standard error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from seawall.scenario.fit.jackknife import Estimate


@dataclass(frozen=True)
class Fitted:
    """One model fitted to one history.

    model        word of the scenario
    volatility   {asset: annual}; of the diffusion alone where the model has jumps
    correlation  {(asset, later asset): of log-returns}
    jump_beta    {asset: loading on the common jump}, the reference asset's 1
    scenario     keys of ``[scenario]`` that the model reads there
    parameters   keys of ``[scenario.<model>]``; words and chosen whole numbers have no error
    intervals    {key: (low, high)} of 95% where the fit gives one that is not symmetric
    notes        how it was fitted and what cannot be seen in the data, a sentence each
    """

    model: str
    volatility: Mapping[str, Estimate]
    correlation: Mapping[tuple[str, str], Estimate]
    jump_beta: Mapping[str, Estimate] = field(default_factory=dict)
    scenario: Mapping[str, Estimate] = field(default_factory=dict)
    parameters: Mapping[str, Estimate | str | int] = field(default_factory=dict)
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
