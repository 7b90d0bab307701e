"""A diffusion fitted: volatility and correlation are all it has."""

from __future__ import annotations

from seawall.scenario.fit.fitted import Fitted
from seawall.scenario.fit.moments import moments
from seawall.scenario.fit.prices import Returns


def fit_diffusion(returns: Returns) -> Fitted:
    """Second moments of the returns (`moments`)."""
    found = moments(returns)
    return Fitted("diffusion", found.volatility, found.correlation)
