"""Exogenous prices: what the market would do if nobody were liquidated.

Idea: correlated log-normal diffusion, with common Poisson jumps if asked for. One step of length
dt (years) of asset i with annual volatility s_i:

    log-return_i = -s_i^2 dt / 2 + s_i sqrt(dt) (L z)_i  +  beta_i J - log E[exp(beta_i J)]

z standard normal, L L' the correlation matrix, J the sum of N jumps of normal(jump_mean,
jump_volatility), N Poisson(jumps_per_year dt) and the same for all assets. So E[S_t] = S_0 exactly,
and the annual variance of the log-price is s_i^2 + beta_i^2 jumps_per_year (jump_mean^2 +
jump_volatility^2): jumps come on top of the diffusion's volatility.

Which volatility. Files hold that of observed history, which already contains the crowd's feedback.
Paths labelled "exogenous" (feedback on) use (1 - branching ratio) times it, paths labelled "total"
(feedback off) all of it. Jumps are used as stated in both: whoever states them for "exogenous"
paths states the shock before amplification. A volatility scale multiplies both, diffusion and
jumps: it is a statement about the size of all moves.

Random numbers are addressed by (seed, path, step), so a path does not depend on which others are
drawn or how far it runs. Another step length is another draw of the same law: path 7 at 60 s is not
a refinement of path 7 at 300 s. Another order or choice of assets is another draw too.

Source: Merton (1976), "Option pricing when underlying stock returns are discontinuous"; jumps
common to all assets as one factor. Wrong when volatility clusters (here it is constant along a
path), when tails other than by common jumps matter, and when drift or funding pays for risk.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seawall.foundation.elementary import exponential, inverse_normal
from seawall.foundation.errors import InputError
from seawall.foundation.random import Stream, Words, normals, path_words, uniforms
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.market import Market, Scenario
from seawall.scenario.correlation import correlate, correlation_factor
from seawall.scenario.draw import Draw
from seawall.scenario.models import MODELS, WITH_PARAMETERS, moves_of
from seawall.scenario.poisson import step_chances
from seawall.scenario.tilt import Tilt, check_tilt

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MOST_JUMPS_EXPECTED = 1.0
# Fewer prices than this are drawn before the compiled code is even loaded.
WORTH_COMPILED = 1_000_000
# Prices that the plain code draws at once: its arrays stay inside a core's cache.
_CHUNK = 100_000
# The same where the model steps through time: calls cost more than caches save.
_TABLED_CHUNK = 2_000_000


def exogenous_paths(
    market: Market,
    assets: tuple[str, ...],
    *,
    step_seconds: float,
    steps: int,
    paths: Ints,
    seed: int,
    volatility_scale: ArrayLike = 1.0,
    branching_ratio: ArrayLike | None = None,
    tilt: Tilt | None = None,
) -> Floats:
    """Prices of ``assets`` at every step of every path, spot first.

    paths (p,) int path numbers; volatility_scale and branching_ratio one number or (p,), the
    latter the scenario's own where None and unused when its label is "total". ``tilt`` pushes
    paths by their numbers (`tilt.weights` makes up for it); None, and its plain component, do not.
    Returns (p, steps + 1, k) float, quote per unit, all > 0. Bit for bit the same for a (seed,
    path) however paths are split into calls and however many steps are drawn.

    Raises InputError for an unknown model, label or asset, a step that is not positive or so long
    that more than one jump is expected in it, a branching ratio outside 0 to 1, a correlation
    matrix that is impossible and a tilt of what cannot be tilted.
    """
    scenario = market.scenario
    _check(scenario, market, assets, step_seconds, steps)
    years = step_seconds / SECONDS_PER_YEAR
    path_numbers = path_words(seed, paths)
    spot = np.array([market.assets[name].spot for name in assets])
    volatility = np.array([market.assets[name].volatility for name in assets])
    scale = _scale(scenario, volatility_scale, branching_ratio, path_numbers.size)
    if tilt is not None:
        check_tilt(market, tilt, len(assets))
    numbers = path_numbers.astype(np.int64)
    shift = np.zeros((1, len(assets))) if tilt is None else tilt.shifts(numbers)
    shift = np.broadcast_to(shift, (path_numbers.size, len(assets)))
    if scenario.model in WITH_PARAMETERS:
        draw = Draw(
            market, assets, seed, path_numbers, steps, step_seconds, volatility, scale, spot, shift
        )
        return _tabled(draw)
    sigma = scale[:, None] * volatility
    size = np.broadcast_to(np.asarray(volatility_scale, dtype=np.float64), path_numbers.shape)
    factor, spread = correlation_factor(market, assets), sigma * math.sqrt(years)
    # Shifted normals times the spread: what is taken off every step is so much less.
    pushed = correlate(shift[:, None], factor)[:, 0] * spread
    law = _Law(
        seed=seed,
        factor=factor,
        spread=spread,
        drift=0.5 * years * sigma * sigma - pushed,
        jumps=_jump_law(market, assets, years, size),
        spot=spot,
    )
    prices = np.empty((path_numbers.size, steps + 1, len(assets)))
    for rows, part in _by_jump_rate(law, tilt, numbers, scenario.jumps_per_year * years):
        _fill(part, path_numbers, prices, rows)
    return prices


def _fill(law: _Law, paths: Words, prices: Floats, rows: Ints | None) -> None:
    """Fill prices (p, s + 1, k), of these rows alone where told, the quickest way."""
    if rows is not None:
        mine = np.empty((rows.size, *prices.shape[1:]))
        _fill(law, paths[rows], mine, None)
        prices[rows] = mine
    elif not (prices.size >= WORTH_COMPILED and prices.shape[2] and _compiled(law, paths, prices)):
        _plain(law, paths, prices)


def _by_jump_rate(
    law: _Law, tilt: Tilt | None, numbers: Ints, rate: float
) -> Iterator[tuple[Ints | None, _Law]]:
    """The law, or where a tilt changes the rate of jumps, the rows of each rate with their law."""
    factors = [] if tilt is None else [part.jump_factor for part in tilt.components]
    if law.jumps is None or tilt is None or set(factors) == {1.0}:
        yield None, law
        return
    own = np.array(factors)[tilt.component_of(numbers)]
    for factor in dict.fromkeys(factors):
        rows = np.flatnonzero(own == factor)
        jumps = replace(
            law.jumps,
            chances=np.cumsum(step_chances(rate * factor))[:-1],
            loading=law.jumps.loading[rows],
            expected=law.jumps.expected[rows],
        )
        part = replace(law, spread=law.spread[rows], drift=law.drift[rows], jumps=jumps)
        yield rows, part


@dataclass(frozen=True)
class _JumpLaw:
    """Common jumps: ``chances`` (m,) of at most 0, 1, ... in a step, without the last one; loading
    and expected (p, k), each asset's factor on the log-jump and what that adds on average.
    """

    chances: Floats
    mean: float
    volatility: float
    loading: Floats
    expected: Floats


@dataclass(frozen=True)
class _Law:
    """What one draw needs: factor (k, k), spread and drift (p, k) per step, spot (k,)."""

    seed: int
    factor: Floats
    spread: Floats
    drift: Floats
    jumps: _JumpLaw | None
    spot: Floats


def _tabled(draw: Draw) -> Floats:
    """Prices (p, s + 1, k) of a model with parameters of its own, some paths at a time."""
    prices = np.empty((draw.paths.size, draw.steps + 1, len(draw.assets)))
    prices[:, 0] = draw.spot
    together = max(1, _TABLED_CHUNK // max(prices[0].size, 1)) if draw.paths.size else 1
    for first in range(0, draw.paths.size, together):
        moves = moves_of(draw.part(first, first + together))
        np.cumsum(moves, axis=1, out=moves)
        np.multiply(exponential(moves), draw.spot, out=prices[first : first + together, 1:])
    return prices


def _plain(law: _Law, paths: Words, prices: Floats) -> None:
    """Fill prices (p, s + 1, k) in NumPy, over as many paths at once as stay in the caches."""
    together = max(1, _CHUNK // max(prices[0].size, 1)) if paths.size else 1
    steps = np.arange(prices.shape[1] - 1, dtype=np.int64)
    for first in range(0, paths.size, together):
        part = slice(first, first + together)
        normal = normals(law.seed, Stream.PRICE, paths[part], steps, law.factor.shape[0])
        moves = correlate(normal, law.factor)
        moves *= law.spread[part, None]
        moves -= law.drift[part, None]
        if law.jumps is not None:
            size = _jump_sizes(law.jumps, law.seed, paths[part], steps)
            moves += (
                size[..., None] * law.jumps.loading[part, None] - law.jumps.expected[part, None]
            )
        np.cumsum(moves, axis=1, out=moves)
        prices[part, 0] = law.spot
        np.multiply(exponential(moves), law.spot, out=prices[part, 1:])


def _compiled(law: _Law, paths: Words, prices: Floats) -> bool:
    """Fill prices by the kernel, the same bits; False, and nothing done, while it is not ready."""
    from seawall.scenario import paths_kernel

    if not paths_kernel.draw.ready():
        return False
    none = np.zeros((0, 0))
    jumps = law.jumps or _JumpLaw(np.zeros(0), 0.0, 0.0, none, none)
    paths_kernel.draw(
        np.uint64(law.seed),
        paths,
        *map(np.ascontiguousarray, (law.factor, law.spread, law.drift, jumps.chances)),
        float(jumps.mean),
        float(jumps.volatility),
        *map(np.ascontiguousarray, (jumps.loading, jumps.expected, law.spot)),
        prices,
    )
    return True


def _jump_law(
    market: Market, assets: tuple[str, ...], years: float, size: Floats
) -> _JumpLaw | None:
    """The market's jumps over one step for paths whose moves have size (p,); None without any."""
    scenario = market.scenario
    if scenario.model != "jump_diffusion" or scenario.jumps_per_year == 0.0:
        return None
    chance = step_chances(scenario.jumps_per_year * years)
    beta = np.array([market.jump_beta.get(name, 0.0) for name in assets])
    loading = size[:, None] * beta
    growth = np.exp(loading * scenario.jump_mean + 0.5 * (loading * scenario.jump_volatility) ** 2)
    expected = sum(p * growth**n for n, p in enumerate(chance))
    return _JumpLaw(
        chances=np.cumsum(chance)[:-1],
        mean=scenario.jump_mean,
        volatility=scenario.jump_volatility,
        loading=loading,
        expected=np.log(expected),
    )


def _jump_sizes(law: _JumpLaw, seed: int, paths: Words, steps: Ints) -> Floats:
    """The common log-jump (p, t) of each step; 0 in most of them."""
    drawn = uniforms(seed, Stream.JUMP_TIME, paths, steps, 1)[..., 0]
    number = np.searchsorted(law.chances, drawn, side="right")
    size = np.zeros(number.shape)
    hit = number > 0
    count = number[hit]
    normal = inverse_normal(uniforms(seed, Stream.JUMP_SIZE, paths, steps, 1)[..., 0][hit])
    size[hit] = count * law.mean + np.sqrt(count) * law.volatility * normal
    return size


def _scale(
    scenario: Scenario,
    volatility_scale: ArrayLike,
    branching_ratio: ArrayLike | None,
    paths: int,
) -> Floats:
    """What the file's volatility is multiplied by on each path, (p,)."""
    scale = np.asarray(volatility_scale, dtype=np.float64)
    if not np.all(np.isfinite(scale) & (scale >= 0.0)):
        raise InputError("a volatility scale is negative or not finite", expected="numbers >= 0")
    if scenario.label == "exogenous":
        given = scenario.branching_ratio if branching_ratio is None else branching_ratio
        ratio = np.asarray(given, dtype=np.float64)
        if not np.all((ratio >= 0.0) & (ratio <= 1.0)):
            raise InputError(
                f"the branching ratio runs from {ratio.min()} to {ratio.max()}",
                expected="numbers from 0 to 1",
            )
        scale = scale * (1.0 - ratio)
    return np.broadcast_to(scale, (paths,))


def _check(
    scenario: Scenario, market: Market, assets: tuple[str, ...], step_seconds: float, steps: int
) -> None:
    if scenario.model not in MODELS and scenario.model not in WITH_PARAMETERS:
        raise InputError(
            f"scenario model {scenario.model!r} is not known",
            expected=f"one of {', '.join((*MODELS, *WITH_PARAMETERS))}",
        )
    if scenario.label not in ("exogenous", "total"):
        raise InputError(
            f"scenario label {scenario.label!r} is not known", expected="exogenous or total"
        )
    missing = [name for name in assets if name not in market.assets]
    if missing:
        raise InputError(
            f"the market has no asset {missing[0]!r}", expected="assets that the market lists"
        )
    if not (math.isfinite(step_seconds) and step_seconds > 0.0):
        raise InputError(f"the step is {step_seconds} seconds", expected="a positive length")
    if steps < 0:
        raise InputError(f"{steps} steps were asked for", expected="a number from 0 up")
    expected_jumps = scenario.jumps_per_year * step_seconds / SECONDS_PER_YEAR
    if scenario.model == "jump_diffusion" and not 0.0 <= expected_jumps <= _MOST_JUMPS_EXPECTED:
        raise InputError(
            f"{expected_jumps:.3g} jumps are expected in one step of {step_seconds} seconds",
            expected="a rate from 0 to one jump a step: a shorter step or fewer jumps_per_year",
        )
