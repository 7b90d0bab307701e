"""A fitted model as a Market that draws, and as the lines of market.toml that say it.

The Market has nothing but the fitted assets, at price 1 and labelled "total": what was fitted is
observed history. The lines of TOML are labelled "exogenous", with the priors of the branching ratio
and of depth, because a Case that holds a crowd adds the crowd's feedback itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from textwrap import wrap

import numpy as np
from numpy.typing import NDArray

from seawall.market import AssetState, Market, PriceHistory, Scenario
from seawall.scenario.fit.bootstrap import HISTORY
from seawall.scenario.fit.fitted import Fitted
from seawall.scenario.fit.goodness import Draw
from seawall.scenario.fit.jackknife import Estimate
from seawall.scenario.fit.prices import Prices
from seawall.scenario.paths import exogenous_paths

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Prior:
    """What prices alone cannot say, stated: mean and standard deviation, and the range with why.

    branching, branching_error   of the crowd's branching ratio n
    depth_error                  relative, of depth
    """

    branching: float = 0.3
    branching_error: float = 0.15
    depth_error: float = 0.5


PRIOR_REASONS = (
    "branching ratio n: prior {mean:g} +- {error:g}, range {low:g} to {high:g}. Not fitted: in "
    "prices the crowd's feedback looks like clustered news. 0 is a market without leverage; 0.6 "
    "makes a shock of 10% one of 25%, which few venues would outlive for long. The mean is an "
    "assumption; better is 1 - 1 / amplification, as `seawall check` reports it of your Case.",
    "depth: relative error {depth:g}, half to twice the stated depth in calm times. Not fitted: "
    "prices hold no volumes. In the worst hour of 10 October 2025 it fell by 90 to 98% "
    "(sources differ): the slot `depth` says that, not this error.",
)


def prior_words(prior: Prior) -> list[str]:
    """A sentence each on n and depth: the range used, and why it is not a fit."""
    low = max(prior.branching - 2.0 * prior.branching_error, 0.0)
    high = min(prior.branching + 2.0 * prior.branching_error, 0.99)
    numbers = {"mean": prior.branching, "error": prior.branching_error, "low": low, "high": high}
    return [text.format(**numbers, depth=prior.depth_error) for text in PRIOR_REASONS]


def market_of(fitted: Fitted, early: Prices) -> Market:
    """The fitted model alone, label "total", every asset at price 1; ``early`` is the history."""
    deep = math.inf
    history = PriceHistory(early.times, early.assets, early.close)
    return Market(
        as_of=datetime.fromtimestamp(int(early.times[-1]), UTC),
        assets={
            name: AssetState(1.0, 1.0, 1.0, volatility.value, deep, deep)
            for name, volatility in fitted.volatility.items()
        },
        instruments={},
        scenario=replace(
            Scenario(model=fitted.model, label="total"),
            parameters={fitted.model: parameters_of(fitted)} if fitted.parameters else {},
            **{key: number.value for key, number in fitted.scenario.items()},
        ),
        correlation={pair: number.value for pair, number in fitted.correlation.items()},
        jump_beta={name: number.value for name, number in fitted.jump_beta.items()},
        histories={HISTORY: history},
    )


def parameters_of(fitted: Fitted) -> dict[str, object]:
    """The table ``[scenario.<model>]``."""
    return {
        key: value.value if isinstance(value, Estimate) else value
        for key, value in fitted.parameters.items()
    }


def drawing(fitted: Fitted, early: Prices, seed: int) -> Draw:
    """A function (path numbers, bars) -> log-returns (p, bars, k) of the fitted model."""
    market = market_of(fitted, early)

    def draw(paths: Ints, bars: int) -> Floats:
        prices = exogenous_paths(
            market,
            early.assets,
            step_seconds=float(early.seconds),
            steps=bars,
            paths=paths,
            seed=seed,
        )
        return np.asarray(np.diff(np.log(prices), axis=1))

    return draw


def scenario_toml(
    fitted: Fitted, prior: Prior, head: list[str], slopes: Mapping[str, Estimate]
) -> str:
    """The lines for market.toml: a comment of ``head``, then every table that the model needs."""
    lines = [
        line
        for text in head
        for line in wrap(text, 98, initial_indent="# ", subsequent_indent="#   ")
    ]
    lines.append("")
    lines += ["[scenario]", f'model = "{fitted.model}"', 'label = "exogenous"']
    lines += [
        f"branching_ratio = {prior.branching!r}   # a stated prior, not fitted",
        f"branching_error = {prior.branching_error!r}",
        f"depth_error = {prior.depth_error!r}   # a stated prior, not fitted",
    ]
    lines += [_line(key, number) for key, number in fitted.scenario.items()]
    if fitted.parameters:
        lines += ["", f"[scenario.{fitted.model}]"]
        lines += [_line(key, number) for key, number in fitted.parameters.items()]
    for name, level in fitted.volatility.items():
        lines += ["", f"[assets.{_key(name)}]", f"volatility = {level.value!r}"]
        lines.append(f"volatility_error = {level.error / level.value!r}   # relative")
        if name in slopes:
            lines.append(_line("implied_slope", slopes[name]))
    if fitted.correlation:
        lines += ["", "[correlation]"]
        for (one, other), number in fitted.correlation.items():
            lines.append(_line(f"{_key(one)}.{_key(other)}", number))
    if fitted.jump_beta:
        lines += ["", "[jump_beta]"]
        lines += [_line(_key(name), number) for name, number in fitted.jump_beta.items()]
    return "\n".join(lines) + "\n"


def history_csv(early: Prices) -> str:
    """The fitted history as the table that the bootstrap reads: time and a column an asset."""
    lines = [",".join(["time", *early.assets])]
    for time, row in zip(early.times, early.close, strict=True):
        stamp = datetime.fromtimestamp(int(time), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines.append(",".join([stamp, *("" if math.isnan(x) else repr(float(x)) for x in row)]))
    return "\n".join(lines) + "\n"


def _line(key: str, value: Estimate | str | int) -> str:
    if isinstance(value, Estimate):
        said = f"   # +- {value.error:.3g}" if value.error else ""
        return f"{key} = {value.value!r}{said}"
    return f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}"


def _key(name: str) -> str:
    """A TOML key: bare where that is allowed."""
    bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if bare else f'"{name}"'
