"""What `seawall scenarios fit` answers: one dict for page and JSON (docs/scenarios.md)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from seawall.scenario.fit.fitted import Fitted
from seawall.scenario.fit.goodness import Goodness
from seawall.scenario.fit.jackknife import Estimate
from seawall.scenario.fit.prices import Prices
from seawall.scenario.fit.skew import TermSkew
from seawall.scenario.fit.written import Prior, prior_words

SCHEMA = "seawall/scenario-fit/1"


def fit_answer(
    fitted: Fitted,
    early: Prices,
    later: Prices,
    good: Goodness,
    prior: Prior,
    skew: Mapping[str, tuple[TermSkew, ...]],
) -> dict[str, Any]:
    """The fitted numbers with their errors, the goodness on later data and the stated priors."""
    return {
        "schema": SCHEMA,
        "model": fitted.model,
        "fitted_on": _span(early),
        "judged_on": _span(later) | {"returns": good.returns, "paths": good.paths},
        "volatility": {name: _number(e) for name, e in fitted.volatility.items()},
        "correlation": [
            {"assets": list(pair)} | _number(e) for pair, e in fitted.correlation.items()
        ],
        "jump_beta": {name: _number(e) for name, e in fitted.jump_beta.items()},
        "parameters": {
            key: _number(e) if isinstance(e, Estimate) else e
            for key, e in {**fitted.scenario, **fitted.parameters}.items()
        },
        "intervals": {key: list(bounds) for key, bounds in fitted.intervals.items()},
        "notes": list(fitted.notes),
        "priors": {
            "label": "total" if prior.response is None else "exogenous",
            "branching_ratio": None if prior.response is None else prior.response.branching,
            "branching_range": list(prior.branching_range),
            "branching_error": prior.branching_error,
            "depth_error": prior.depth_error,
            "words": prior_words(prior),
        },
        "goodness": {
            "statistics": [
                {
                    "statistic": row.statistic,
                    "of": row.of,
                    "observed": row.observed,
                    "error": row.error,
                    "model": [row.low, row.middle, row.high],
                    "inside": row.inside,
                }
                for row in good.rows
            ],
            "transform": [
                {
                    "asset": one.asset,
                    "distance": one.distance,
                    "p_value": one.p_value,
                    "shape_distance": one.shape_distance,
                    "shape_p_value": one.shape_p_value,
                    "histogram": list(one.histogram),
                }
                for one in good.transforms
            ],
        },
        "skew": {name: [_term(term) for term in terms] for name, terms in skew.items()},
    }


def _number(estimate: Estimate) -> dict[str, float]:
    return {"value": estimate.value, "error": estimate.error}


def _span(prices: Prices) -> dict[str, Any]:
    first, last = (datetime.fromtimestamp(int(prices.times[i]), UTC) for i in (0, -1))
    return {
        "from": first.isoformat(),
        "to": last.isoformat(),
        "bars": int(prices.times.size),
        "bar_seconds": prices.seconds,
        "assets": list(prices.assets),
    }


def _term(term: TermSkew) -> dict[str, Any]:
    return {
        "days": [term.from_days, term.below_days],
        "observations": term.observations,
        "fitted_days": term.days,
        "ratio": _number(term.ratio) | {"low": term.low, "high": term.high},
        "skew": term.skew,
        "implied_slope": _number(term.slope),
        "judged_days": term.later_days,
        "explained": term.explained,
        "strike_explained": term.strike_explained,
    }
