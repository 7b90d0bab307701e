"""Hedgers trade what their options' delta changes by: short gamma they sell into a fall.

Dealers are hedged at the start. With D(S, t) their options' delta in units of the asset and H the
units they have bought since, they want H = -(D(S, t) - D(S0, 0)), that is a flow of -gamma x dS,
and send it as market orders. What they want is judged at the price of ``latency_seconds`` ago. They
trade only when H is off by more than a half-width w, and then to its edge; one step carries at most
``participation`` of the volume that usually trades in it.

    w = band / S                                         fixed, quote notional
    w = (3 cost S Gamma^2 / (2 risk_aversion))^(1/3)     Whalley-Wilmott, risk_aversion per quote

Three rules say whose gamma it is. `profile`: pockets of constant cash gamma G = S^2 Gamma (a stated
notional per 1% move) within an interval of prices, D = G (1 / low - 1 / S), as of a variance swap
over that interval. `strikes`: a list of options valued by Black (1976) at constant volatility, so
that gamma fades away from the strikes and with time. `open_interest`: the Case's own options, of
whose open interest dealers hold the stated (signed) shares of calls and puts.

With linear impact of depth d, permanent, a shock s ends at s / (1 + G/d): long gamma damps, short
gamma (G < 0) amplifies by 1 / (1 - |G|/d), which runs away at |G| = d.

Sources: Frey and Stremme (1997), "Market volatility and feedback effects from dynamic hedging";
Whalley and Wilmott (1997), "An asymptotic analysis of an optimal hedging model for option pricing
with transaction costs" (without interest). Wrong when dealers hedge with other options, when
volatility moves (deltas are at constant volatility per strike), when expiry is settled in cash at
an average (here it is delivery: no flow at expiry), and when shares of open interest are guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.elementary import exponential, logarithm
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import (
    AMOUNT,
    POSITIVE_FRACTION,
    POSITIVE_VOLATILITY,
    PRICE,
    SECONDS,
    SIGNED,
    Quantity,
)
from seawall.foundation.record import number

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

AVERSION = Quantity("a risk aversion above 0, per unit of quote currency", 0.0, 1e12, True)
COST = Quantity("a fraction of the notional traded from 0 to 0.5 (0.0005 means 5 bp)", 0.0, 0.5)
DAYS = Quantity("a number of days above 0, to 10000", 0.0, 10_000.0, True)
WIDTH = Quantity("a fraction of the centre above 0, below 1", 0.0, 1.0, True, True)
SHARE = Quantity("a share from -1 (dealers have sold all of it) to 1 (bought)", -1.0, 1.0)
# Total volatility at or below which an option's delta is a step.
SETTLED = 1e-9


@dataclass(frozen=True, kw_only=True)
class Trading:
    """How hedgers trade, whatever their gamma.

    venue            order-book venue whose book their orders meet
    cost             fraction of the notional traded, paid to the book beside the impact
    band             quote notional by which they let the hedge be off
    risk_aversion    per quote; Whalley-Wilmott's band instead of a fixed one, None without
    participation    largest share of an asset's daily volume, evenly spread, None without a cap
    latency_seconds  age of the prices on which they act
    """

    venue: str
    cost: float = number(COST, 0.0)
    band: float = number(AMOUNT, 0.0)
    risk_aversion: float | None = number(AVERSION, None)
    participation: float | None = number(POSITIVE_FRACTION, None)
    latency_seconds: float = number(SECONDS, 0.0)

    def __post_init__(self) -> None:
        if self.risk_aversion is not None and self.band > 0.0:
            raise InputError(
                "band and risk_aversion are both given", expected="a fixed band or Whalley-Wilmott"
            )


@dataclass(frozen=True)
class Pocket:
    """Constant cash gamma between centre x (1 - width) and centre x (1 + width).

    asset              whose price it is
    gamma_per_percent  quote notional that dealers' delta changes by when the price moves 1%; below
                       zero they are short gamma and sell into a fall
    centre             price, None is the spot at the start
    width              fraction of the centre, None is every price
    """

    asset: str
    gamma_per_percent: float = number(SIGNED)
    centre: float | None = number(PRICE, None)
    width: float | None = number(WIDTH, None)


@dataclass(frozen=True, kw_only=True)
class Profile(Trading):
    """Rule `profile`: ``pockets`` add up."""

    pockets: tuple[Pocket, ...]


@dataclass(frozen=True)
class Strike:
    """Options of one strike and expiry: ``size`` units of ``asset``, above zero where dealers have
    bought them; ``days`` to expiry; annual ``volatility``.
    """

    asset: str
    strike: float = number(PRICE)
    size: float = number(SIGNED)
    days: float = number(DAYS)
    volatility: float = number(POSITIVE_VOLATILITY)


@dataclass(frozen=True, kw_only=True)
class Strikes(Trading):
    """Rule `strikes`: a list of options."""

    strikes: tuple[Strike, ...]


@dataclass(frozen=True, kw_only=True)
class OpenInterest(Trading):
    """Rule `open_interest`: dealers hold these shares of the open interest of the Case's options.

    A share below zero: dealers have sold, their customers bought.
    """

    calls: float = number(SHARE)
    puts: float = number(SHARE)


HEDGER_RULES: dict[str, type] = {
    "profile": Profile,
    "strikes": Strikes,
    "open_interest": OpenInterest,
}


class Gammas(NamedTuple):
    """Pockets or options as columns (j,): ``column`` of the hedged asset each belongs to.

    Pockets: gamma S^2 Gamma in quote, from ``low`` to ``high``. Options (``size`` units): strike,
    forward over spot, years, volatility. What does not apply is empty.
    """

    column: Ints
    gamma: Floats
    low: Floats
    high: Floats
    size: Floats
    strike: Floats
    forward: Floats
    years: Floats
    volatility: Floats


class HedgeRule(NamedTuple):
    """Hedged assets as columns (h,): ``asset`` index, ``cap`` quote per step (infinite without).

    venue index; lag in steps; band quote; cost fraction; aversion per quote, 0 with a fixed band
    """

    asset: Ints
    cap: Floats
    venue: int
    lag: int
    band: float
    cost: float
    aversion: float
    gammas: Gammas


@dataclass
class HedgeMemory:
    """What hedgers have done, (p, h): ``held`` units bought since the start; ``cash`` received less
    paid, costs included; ``costs`` proportional costs; ``slippage`` paid for impact; ``traded``
    notional; all quote. start: their delta at the start, units. seen (p, lag + 1, h) past prices.
    live (j,): options not yet expired; delivered: delta of the others when they expired, units.
    """

    held: Floats
    cash: Floats
    costs: Floats
    slippage: Floats
    traded: Floats
    start: Floats
    seen: Floats
    live: Bools
    delivered: Floats


def begin_hedgers(rule: HedgeRule, price: Floats) -> HedgeMemory:
    """Hedged at prices (p, h)."""
    return HedgeMemory(
        held=np.zeros_like(price),
        cash=np.zeros_like(price),
        costs=np.zeros_like(price),
        slippage=np.zeros_like(price),
        traded=np.zeros_like(price),
        start=dealers_delta(rule.gammas, price, 0.0),
        seen=np.repeat(price[:, None, :], rule.lag + 1, axis=1),
        live=np.ones(rule.gammas.column.size, dtype=bool),
        delivered=np.zeros_like(price),
    )


def dealers_delta(gammas: Gammas, price: Floats, years: float) -> Floats:
    """Delta (p, h) of the dealers' options at prices (p, h), in units of the asset.

    Of pockets less a constant: only its changes are traded.
    """
    return _summed(gammas, price, years, _pocket_delta, _option_delta)


def dealers_gamma(gammas: Gammas, price: Floats, years: float) -> Floats:
    """Change (p, h) of :func:`dealers_delta` per unit of price."""
    return _summed(gammas, price, years, _pocket_gamma, _option_gamma)


def wanted_trade(
    rule: HedgeRule, memory: HedgeMemory, seen: Floats, now: Floats, years: float
) -> Floats:
    """Units (p, h) to buy (> 0) or sell, for prices seen and present prices (p, h).

    ``years`` since the start at which the prices were seen.
    """
    left = rule._replace(gammas=_live(rule.gammas, memory.live))
    target = memory.start - (dealers_delta(left.gammas, seen, years) + memory.delivered)
    gap = target - memory.held
    half = half_width(left, seen, years)
    beyond = np.maximum(np.abs(gap) - half, 0.0)
    change: Floats = np.copysign(np.minimum(beyond, rule.cap / now), gap)
    return change


def deliver(rule: HedgeRule, memory: HedgeMemory, seen: Floats, years: float) -> None:
    """Options that have expired by ``years`` keep the delta of the prices (p, h) first seen then:
    what they were exercised for has changed hands, and later prices ask for no hedge of it.
    """
    if not rule.gammas.strike.size:
        return
    for j in np.flatnonzero(memory.live & (rule.gammas.years <= years)):
        h = rule.gammas.column[j]
        memory.delivered[:, h] += _option_delta(rule.gammas, int(j), seen[:, h], years)
        memory.live[j] = False


def _live(gammas: Gammas, live: Bools) -> Gammas:
    """The options that have not expired; pockets never do."""
    if live.all():
        return gammas
    options = ("column", "size", "strike", "forward", "years", "volatility")
    return gammas._replace(**{name: getattr(gammas, name)[live] for name in options})


def half_width(rule: HedgeRule, price: Floats, years: float) -> Floats:
    """Half-width (p, h) of the no-trade band, in units of the asset."""
    if rule.aversion == 0.0:
        return rule.band / price
    gamma = dealers_gamma(rule.gammas, price, years)
    return cube_root(1.5 * rule.cost * price * gamma * gamma / rule.aversion)


def cube_root(x: Floats) -> Floats:
    """The cube root; of 8^k x to the last bit 2^k times that of x, which NumPy's own is not."""
    mantissa, exponent = np.frexp(x)
    third = exponent // 3
    root: Floats = np.ldexp(np.cbrt(np.ldexp(mantissa, exponent - 3 * third)), third)
    return root


Part = Callable[[Gammas, int, Floats, float], Floats]


def _summed(gammas: Gammas, price: Floats, years: float, pocket: Part, option: Part) -> Floats:
    """Sum of the parts of one kind over columns, left to right."""
    part = option if gammas.strike.size else pocket
    total = np.zeros_like(price)
    for j, h in enumerate(gammas.column):
        total[:, h] += part(gammas, j, price[:, h], years)
    return total


def _pocket_delta(gammas: Gammas, j: int, price: Floats, years: float) -> Floats:
    inside = np.minimum(np.maximum(price, gammas.low[j]), gammas.high[j])
    delta: Floats = -gammas.gamma[j] / inside
    return delta


def _pocket_gamma(gammas: Gammas, j: int, price: Floats, years: float) -> Floats:
    inside = (price >= gammas.low[j]) & (price <= gammas.high[j])
    gamma: Floats = np.where(inside, gammas.gamma[j] / (price * price), 0.0)
    return gamma


def _first_deviation(gammas: Gammas, j: int, price: Floats, years: float) -> tuple[Floats, float]:
    """d1 (p,) of an option, and its total volatility."""
    left = max(float(gammas.years[j]) - years, 0.0)
    total = max(float(gammas.volatility[j]) * left**0.5, SETTLED)
    away = logarithm(price * gammas.forward[j] / gammas.strike[j])
    return away / total + 0.5 * total, total


def _option_delta(gammas: Gammas, j: int, price: Floats, years: float) -> Floats:
    from scipy.special import ndtr

    d1, _ = _first_deviation(gammas, j, price, years)
    delta: Floats = gammas.size[j] * gammas.forward[j] * ndtr(d1)
    return delta


def _option_gamma(gammas: Gammas, j: int, price: Floats, years: float) -> Floats:
    d1, total = _first_deviation(gammas, j, price, years)
    density = exponential(-0.5 * d1 * d1) / (2.0 * np.pi) ** 0.5
    gamma: Floats = gammas.size[j] * gammas.forward[j] * density / (price * total)
    return gamma
