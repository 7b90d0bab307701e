"""A fitted model as a Market that draws, and as the lines of market.toml that say it.

The Market has nothing but the fitted assets, at price 1 and labelled "total": what was fitted is
what the fit saw. The lines of TOML are labelled "exogenous" where the crowd's feedback was taken
out of the history first (a Case that holds a crowd then adds it), and "total" where it was not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from textwrap import wrap

import numpy as np
from numpy.typing import NDArray

from seawall.market import AssetState, Market, PriceHistory, Scenario
from seawall.scenario.fit.bootstrap import HISTORY
from seawall.scenario.fit.exogenous import CrowdResponse
from seawall.scenario.fit.fitted import Fitted
from seawall.scenario.fit.goodness import Draw
from seawall.scenario.fit.jackknife import Estimate
from seawall.scenario.fit.prices import Prices
from seawall.scenario.paths import exogenous_paths

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Prior:
    """What prices alone cannot say, stated.

    response          the crowd's response that was taken out of the history; None: label "total"
    branching_error   standard deviation of the prior of its n
    depth_error       relative standard deviation of the prior of depth
    """

    response: CrowdResponse | None
    branching_error: float = 0.15
    depth_error: float = 0.5

    @property
    def branching_range(self) -> tuple[float, float]:
        """Two standard deviations to either side, from 0 to 0.99; (0, 0) under "total"."""
        if self.response is None:
            return 0.0, 0.0
        n = self.response.branching
        return max(n - 2.0 * self.branching_error, 0.0), min(n + 2.0 * self.branching_error, 0.99)


# How a Case takes the tables in: the first lines of the file.
HOW = (
    "For the market.toml of a Case: each key takes the place of the Case's own in the table of the "
    "same name. A table may stand once in a file, so put the keys in, do not append the tables. "
    "Other keys, such as thinning and impact, stay. Assets that were not fitted keep their "
    "numbers; their correlations must go together with these (docs/scenarios.md)."
)


def prior_words(prior: Prior) -> list[str]:
    """A sentence each on n and depth: the range used, and why neither is a fit."""
    depth = (
        f"depth: relative error {prior.depth_error:g}. Not fitted: prices hold no volumes. Half to "
        "twice the stated depth is the spread between calm hours; in the worst hour of 10 October "
        "2025 it fell by 90 to 98% (sources differ), which the slot `depth` is for."
    )
    if prior.response is None:
        return [
            'label "total": the history is taken as it was seen, the crowd\'s feedback in it, and '
            "runs with it add none. No branching ratio is used; none can be fitted to prices.",
            depth,
        ]
    low, high = prior.branching_range
    each = prior.response
    return [
        f"branching ratio n: prior {each.branching:g} +- {prior.branching_error:g}, range "
        f"{low:.3g} to {high:.3g}. Not fitted: in prices the crowd's feedback looks like clustered "
        "news. 0 is a market without leverage; 0.6 makes a shock of 10% one of 25%. The mean is "
        "an assumption; better is 1 - 1 / amplification, as `seawall check` reports it of a case.",
        f"the crowd: renewed every {each.renewal_seconds / 3600:g} h; impact takes "
        f"{each.recovery_seconds:g} s to recover and {each.permanent_share:.0%} of it stays. Taken "
        "out of the history before the fit, so that a run which adds the crowd does not count it "
        "twice; n's error is in that of volatility.",
        depth,
    ]


def market_of(fitted: Fitted, early: Prices) -> Market:
    """The fitted model alone, label "total", every asset at price 1; ``early`` is the history."""
    deep = math.inf
    stated = {key: number.value for key, number in fitted.scenario.items()}
    history = PriceHistory(early.times, early.assets, early.close)
    return Market(
        as_of=datetime.fromtimestamp(int(early.times[-1]), UTC),
        assets={
            name: AssetState(1.0, 1.0, 1.0, volatility.value, deep, deep)
            for name, volatility in fitted.volatility.items()
        },
        instruments={},
        scenario=Scenario(
            model=fitted.model,
            label="total",
            jumps_per_year=stated.get("jumps_per_year", 0.0),
            jump_mean=stated.get("jump_mean", 0.0),
            jump_volatility=stated.get("jump_volatility", 0.0),
            parameters={fitted.model: parameters_of(fitted)} if fitted.parameters else {},
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
    """The lines for market.toml: comments (``HOW``, ``head``), then the tables the model needs."""
    lines = [
        line
        for text in (HOW, *head)
        for line in wrap(text, 98, initial_indent="# ", subsequent_indent="#   ")
    ]
    lines.append("")
    label = "total" if prior.response is None else "exogenous"
    lines += ["[scenario]", f'model = "{fitted.model}"', f'label = "{label}"']
    if prior.response is not None:
        lines += [
            "branching_ratio = 0.0   # already taken out of the history",
            "branching_error = 0.0   # in volatility_error",
            f"recovery_seconds = {prior.response.recovery_seconds!r}   # as it was taken out",
            f"permanent_share = {prior.response.permanent_share!r}",
        ]
    lines.append(f"depth_error = {prior.depth_error!r}   # a stated prior, not fitted")
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
