"""How good a fitted model is on prices it was not fitted to: would its own paths look like them?

Idea: the model's generator draws ``paths`` histories as long as the later data, with the same gaps.
Each statistic is taken of the later data and of every drawn history alike. The drawn ones are what
the model calls usual, dependence and all: their 2.5 and 97.5% quantiles are the range, and

    p = (1 + drawn distances as large as the observed one) / (1 + paths)

is a Monte Carlo p-value of the Kolmogorov-Smirnov distance of the probability integral transform u
= F(r), F the distribution of the model's own returns. Twice: as it is, where a later market that is
calmer than the fitted one fails at once, and with every history in units of its own volatility,
where only the shape counts.

Statistics by asset: volatility; Hill's index of either tail; the 99.9% loss in volatilities; the
autocorrelation of |return| after a bar, a day and five days. By pair: correlation.

Source: Diebold, Gunther and Tay (1998) for the transform; Besag and Diggle (1977) for Monte Carlo
tests. Wrong as a search for the true model: a model inside all ranges is not refuted, no more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.scenario.fit.jackknife import STRETCHES, jackknife
from seawall.scenario.fit.moments import correlation_of, volatility_of
from seawall.scenario.fit.prices import Returns
from seawall.scenario.fit.tails import hill_index

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Path numbers (p,) and bars -> log-returns (p, bars, k) of the model.
Draw = Callable[[Ints, int], Floats]

LEVELS = (0.025, 0.5, 0.975)
BINS = 10
LAG_SECONDS = {"next bar": 0, "1 day": 86_400, "5 days": 5 * 86_400}
LOSS_LEVEL = 0.999
# Drawn histories whose returns together are the model's distribution of one return.
PATHS_OF_LAW = 20
# Numbers drawn at once: generators that step through time are the faster the more paths they have.
TOGETHER = 5_000_000
FEWEST_RETURNS = 1_000


@dataclass(frozen=True)
class Row:
    """One statistic of the later data, its error, and the model's 2.5, 50 and 97.5% quantiles."""

    statistic: str
    of: str
    observed: float
    error: float
    low: float
    middle: float
    high: float

    @property
    def inside(self) -> bool:
        """Whether the model calls the observed value usual."""
        return self.low <= self.observed <= self.high


@dataclass(frozen=True)
class Transform:
    """The probability integral transform of one asset's later returns.

    distance, p_value              Kolmogorov-Smirnov, as it is
    shape_distance, shape_p_value  in units of each history's own volatility
    histogram                      (10,) share of u in each tenth; 0.1 each were the model true
    """

    asset: str
    distance: float
    p_value: float
    shape_distance: float
    shape_p_value: float
    histogram: tuple[float, ...]


@dataclass(frozen=True)
class Goodness:
    """What `goodness` found; paths drawn, returns judged on."""

    rows: tuple[Row, ...]
    transforms: tuple[Transform, ...]
    paths: int
    returns: int


def goodness(
    later: Returns, draw: Draw, paths: int = 200, done: Callable[[float], None] | None = None
) -> Goodness:
    """Judge a generator on returns that its fit did not see; ``done`` is told the share done.

    Raises InputError with fewer than 1,000 returns of an asset, or fewer than 40 paths.
    """
    observed = later.log_return
    number = int(np.isfinite(observed).sum(axis=0).min()) if observed.size else 0
    if number < FEWEST_RETURNS:
        raise InputError(
            f"{number} later returns of an asset", expected=f"at least {FEWEST_RETURNS} to judge on"
        )
    if paths < 2 * PATHS_OF_LAW:
        raise InputError(f"{paths} paths", expected=f"at least {2 * PATHS_OF_LAW}")
    lags = [max(seconds // later.seconds, 1) for seconds in LAG_SECONDS.values()]
    years = later.seconds / (365.0 * 86_400.0)

    def numbers(table: Floats) -> Floats:
        return _numbers(table, years, lags)

    value, error = jackknife(numbers, observed, STRETCHES // 2)
    missing = ~np.isfinite(observed)
    laws = _Laws.of(_drawn(draw, np.arange(PATHS_OF_LAW), missing))
    far = [laws.distances(observed)]
    drawn = []
    together = max(TOGETHER // max(missing.size, 1), 1)
    for first in range(0, paths, together):
        count = min(together, paths - first)
        # Paths of their own: the model's distribution is not judged by what made it.
        for table in _drawn(draw, PATHS_OF_LAW + first + np.arange(count), missing):
            drawn.append(numbers(table))
            far.append(laws.distances(table))
            if done is not None:
                done(len(drawn) / paths)
    low, middle, high = np.quantile(np.array(drawn), LEVELS, axis=0)
    rows = tuple(
        Row(statistic, of, *map(float, found))
        for (statistic, of), *found in zip(
            _names(later.assets), value, error, low, middle, high, strict=True
        )
    )
    return Goodness(rows, _transforms(later, laws, np.array(far)), paths, number)


def _drawn(draw: Draw, paths: Ints, missing: NDArray[np.bool_]) -> Floats:
    """Histories of the model with the gaps of the data, (p, t, k)."""
    table = draw(paths, missing.shape[0])
    table[:, missing] = np.nan
    return table


@dataclass(frozen=True)
class _Laws:
    """The model's returns by asset, sorted: as they are, and in each history's own volatility."""

    plain: tuple[Floats, ...]
    shape: tuple[Floats, ...]

    @classmethod
    def of(cls, histories: Floats) -> _Laws:
        columns = range(histories.shape[2])
        unit = histories / _spread(histories)
        plain = [_known(histories[:, :, k]) for k in columns]
        return cls(
            tuple(map(np.sort, plain)), tuple(np.sort(_known(unit[:, :, k])) for k in columns)
        )

    def distances(self, table: Floats) -> Floats:
        """Kolmogorov-Smirnov distances of a history (t, k): (2, k), as it is and its shape's."""
        unit = table / _spread(table[None])[0]
        plain = [_distance(law, _known(table[:, k])) for k, law in enumerate(self.plain)]
        return np.array(
            [plain, [_distance(law, _known(unit[:, k])) for k, law in enumerate(self.shape)]]
        )


def _known(values: Floats) -> Floats:
    return values[np.isfinite(values)]


def _spread(histories: Floats) -> Floats:
    """Root mean square of each history and asset, (p, 1, k)."""
    return np.asarray(np.sqrt(np.nanmean(histories * histories, axis=1, keepdims=True)))


def _transform(law: Floats, values: Floats) -> Floats:
    """U = F(r) with half of what is equal counted."""
    below = np.searchsorted(law, values, "left") + np.searchsorted(law, values, "right")
    return np.asarray(0.5 * below / law.size)


def _distance(law: Floats, values: Floats) -> float:
    u = np.sort(_transform(law, values))
    steps = np.arange(u.size + 1.0) / u.size
    return float(np.max(np.maximum(np.abs(u - steps[1:]), np.abs(u - steps[:-1]))))


def _transforms(later: Returns, laws: _Laws, far: Floats) -> tuple[Transform, ...]:
    out = []
    for k, name in enumerate(later.assets):
        u = _transform(laws.plain[k], _known(later.log_return[:, k]))
        share = np.histogram(u, BINS, (0.0, 1.0))[0] / u.size
        usual = 1.0 + np.sum(far[1:, :, k] >= far[0, :, k], axis=0)
        chance = usual / far.shape[0]
        out.append(
            Transform(
                name,
                float(far[0, 0, k]),
                float(chance[0]),
                float(far[0, 1, k]),
                float(chance[1]),
                tuple(float(x) for x in share),
            )
        )
    return tuple(out)


def _names(assets: tuple[str, ...]) -> list[tuple[str, str]]:
    by_asset = [
        "volatility",
        "left tail index",
        "right tail index",
        "99.9% loss in volatilities",
        *(f"autocorrelation of |return|, {words}" for words in LAG_SECONDS),
    ]
    rows, columns = np.triu_indices(len(assets), 1)
    pairs = [f"{assets[i]} {assets[j]}" for i, j in zip(rows, columns, strict=True)]
    return [(s, name) for s in by_asset for name in assets] + [("correlation", p) for p in pairs]


def _numbers(table: Floats, years: float, lags: list[int]) -> Floats:
    """All statistics of one history (t, k), in the order of their names."""
    volatility = volatility_of(table, years)
    columns = range(table.shape[1])
    tails = [[hill_index(sign * table[:, k])[0] for k in columns] for sign in (-1.0, 1.0)]
    loss = -np.nanquantile(table, 1.0 - LOSS_LEVEL, axis=0) / (volatility * np.sqrt(years))
    size = np.abs(table)
    centred = np.where(np.isfinite(size), size - np.nanmean(size, axis=0), 0.0)
    square = np.sum(centred * centred, axis=0)
    echo = [np.sum(centred[lag:] * centred[:-lag], axis=0) / square for lag in lags]
    pairs = correlation_of(table)[np.triu_indices(table.shape[1], 1)]
    return np.concatenate([volatility, *tails, loss, *echo, pairs])
