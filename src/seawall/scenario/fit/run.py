"""From bars to a fitted model and its answer: take the crowd out, fit, judge on the later bars."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from seawall.foundation.errors import InputError
from seawall.scenario.fit.answer import fit_answer
from seawall.scenario.fit.exogenous import exogenous_prices, with_prior_error
from seawall.scenario.fit.fitted import Fitted
from seawall.scenario.fit.goodness import goodness
from seawall.scenario.fit.models import FITS
from seawall.scenario.fit.prices import Prices, returns_of
from seawall.scenario.fit.skew import TermSkew, asset_slope
from seawall.scenario.fit.written import Prior, drawing, prior_words, scenario_toml

# Told the share done, 0 to 1, and what is being done.
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Fit:
    """fitted numbers; early, the bars they were fitted to; answer (docs/scenarios.md); toml."""

    fitted: Fitted
    early: Prices
    answer: dict[str, Any]
    toml: str


def fit_model(
    bars: Prices,
    model: str,
    time: int,
    prior: Prior,
    skew: Mapping[str, tuple[TermSkew, ...]],
    paths: int,
    seed: int,
    progress: Progress | None = None,
) -> Fit:
    """Fit ``model`` to the bars up to ``time`` (seconds since 1970) and judge it on the others.

    ``prior.response`` is taken out of all bars first, where there is one. ``progress`` is told the
    share done and what is being done. Raises InputError for a model that is not known and for a
    history that is too short for it.
    """
    if model not in FITS:
        raise InputError(f"model {model!r}", file="--model", expected=f"one of {', '.join(FITS)}")
    tell = progress or (lambda share, text: None)
    tell(0.0, f"fitting {model}")
    response = prior.response
    seen = bars if response is None else exogenous_prices(bars, response)
    early, later = seen.before(time), seen.after(time)
    fitted = FITS[model](returns_of(early))
    if response is not None:
        tell(0.3, "error of the prior")
        fitted = with_prior_error(fitted, bars.before(time), response, prior.branching_error)

    def judged(share: float) -> None:
        tell(0.4 + 0.6 * share, "histories of the model")

    judged(0.0)
    good = goodness(returns_of(later), drawing(fitted, early, seed), paths, judged)
    answer = fit_answer(fitted, early, later, good, prior, skew)
    span = answer["fitted_on"]
    head = [f"{model} fitted to {span['from']} .. {span['to']}", *fitted.notes]
    slopes = {name: asset_slope(terms) for name, terms in skew.items()}
    head += [
        f"implied_slope of options on {name} with {term.from_days:g} to {term.below_days:g} days: "
        f"{term.slope.value:.4f} +- {term.slope.error:.4f}"
        for name, terms in skew.items()
        for term in terms
    ]
    text = scenario_toml(fitted, prior, [*head, *prior_words(prior)], slopes)
    return Fit(fitted, early, answer, text)
