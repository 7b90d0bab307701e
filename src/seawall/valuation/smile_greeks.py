"""Greeks when implied volatility moves with spot: the smile rule applied to a book's options.

With h = ln spot, sigma(h) the volatility of a fixed strike (as `shocked_volatility` moves it) and
its derivatives first = d sigma / dh, second = d2 sigma / dh2, S the underlying's spot:

    sigma' = first / S                 sigma'' = (second - first) / S^2
    delta + vega sigma'                gamma + 2 vanna sigma' + volga sigma'^2 + vega sigma''
    vanna + volga sigma'               value, vega, volga, theta as they are

The smile of each expiry is fitted to the implied volatilities that the Case lists: ln volatility is
a parabola in k = ln(strike / forward), least squares weighted by the normal density of
k / (vol sqrt(T)), so that the strikes near the money, which have the vega, decide. The ratio of the
skew-stickiness rule is given, or 1 + implied_slope / skew, with ``implied_slope`` of market.toml,
the measured change of volatility at a fixed strike per unit of relative spot change: so the Greeks
move volatility at the money as the cascade does. Wrong far in the wings, where no parabola holds
and the rule's one ratio is not defined; there is little vega there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seawall.book import Book
from seawall.foundation.errors import InputError
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.instruments import Instrument, Option
from seawall.market import Market
from seawall.valuation.revalue import Values
from seawall.valuation.smile import Smile, SmileRule, smile_slope

Floats = NDArray[np.float64]
# The parabola goes on this far beyond the last strikes on both sides, then volatility is level.
BEYOND = 0.1
# Strikes without density still steady the fit, by this much of a strike at the money.
LEAST_WEIGHT = 1e-3
# Fitted ratios lie between 0 and 3; a hundred is a slip, and far above it numbers overflow.
LARGEST_RATIO = 100.0


@dataclass(frozen=True)
class Parabola:
    """A smile of one expiry: ln volatility = ln level + bend (k) with k = ln(strike / forward).

    level   at-the-money volatility, annual fraction
    skew    d volatility / dk at the money (< 0: puts are dearer)
    curve   d2 ln volatility / dk2
    low, high   k beyond which volatility stays level
    """

    level: float
    skew: float
    curve: float
    low: float
    high: float

    def volatility(self, log_moneyness: ArrayLike, years: ArrayLike) -> Floats:
        """Annual implied volatility, the inputs' broadcast shape; years do not matter."""
        k, _ = np.broadcast_arrays(
            np.asarray(log_moneyness, dtype=np.float64), np.asarray(years, dtype=np.float64)
        )
        k = np.clip(k, self.low, self.high)
        result: Floats = self.level * np.exp(self.skew / self.level * k + 0.5 * self.curve * k * k)
        return result


@dataclass(frozen=True)
class FittedSmile:
    """One expiry of one underlying: its shape, and the rule with its ratio."""

    underlying: str
    expiry: datetime
    shape: Parabola
    smile: Smile
    strikes: int


@dataclass(frozen=True)
class SmileMoves:
    """First and second derivative of each position's volatility in ln spot, (n,); 0: it stays."""

    first: Floats
    second: Floats


Fits = Mapping[tuple[str, datetime], FittedSmile]


def fit_smiles(
    book: Book,
    market: Market,
    rule: SmileRule,
    ratio: float | None = None,
    accounts: Collection[int] | None = None,
) -> dict[tuple[str, datetime], FittedSmile]:
    """The smile of every expiry of which ``accounts`` hold an option; none under sticky strike.

    accounts   indexes into the book's accounts; None: all of them
    ratio   skew-stickiness ratio of every expiry (`seawall surface --stickiness` fits one to
            history); None: from each underlying's implied_slope

    Raises InputError when an expiry lists fewer than two strikes with an implied volatility, for a
    ratio under another rule or beyond 100 either way, or a flat skew whose volatility moves all the
    same: no ratio describes that.
    """
    if ratio is not None and (rule is not SmileRule.SKEW_STICKINESS or not np.isfinite(ratio)):
        raise InputError(
            f"a skew-stickiness ratio of {ratio:g} is given with the rule {rule.value}",
            file="--ratio",
            expected="a finite number, with --smile skew_stickiness",
        )
    if ratio is not None and abs(ratio) > LARGEST_RATIO:
        raise InputError(
            f"the skew-stickiness ratio is {ratio:g}",
            file="--ratio",
            expected=f"a number from {-LARGEST_RATIO:g} to {LARGEST_RATIO:g}, usually from 0 to 2",
        )
    if rule is SmileRule.STICKY_STRIKE:
        return {}
    quotes: dict[tuple[str, datetime], dict[float, list[float]]] = defaultdict(dict)
    for item in book.instruments:
        state = market.instruments.get(item.name)
        if isinstance(item, Option) and state is not None and state.implied_volatility:
            forward = state.mark or market.assets[item.underlying].spot
            k = float(np.log(item.strike / forward))
            strikes = quotes[item.underlying, item.expiry]
            strikes.setdefault(k, []).append(state.implied_volatility)
    mine = zip(book.position_account.tolist(), book.position_instrument.tolist(), strict=True)
    held = dict.fromkeys(
        (item.underlying, item.expiry)
        for item in (book.instruments[i] for a, i in mine if accounts is None or a in accounts)
        if isinstance(item, Option)
    )
    return {key: _fit(*key, quotes[key], market, rule, ratio) for key in held}


def _fit(
    underlying: str,
    expiry: datetime,
    quotes: Mapping[float, list[float]],
    market: Market,
    rule: SmileRule,
    ratio: float | None,
) -> FittedSmile:
    if len(quotes) < 2:
        raise InputError(
            f"{underlying} options of {expiry:%Y-%m-%d} list {len(quotes)} strike, and the rule "
            f"{rule.value} needs the slope of the smile",
            file="--smile",
            expected="sticky_strike, or two strikes with an implied volatility in market.toml",
        )
    years = (expiry - market.as_of).total_seconds() / SECONDS_PER_YEAR
    shape = _parabola(quotes, years)
    if rule is SmileRule.STICKY_DELTA:
        return FittedSmile(underlying, expiry, shape, Smile(rule), len(quotes))
    if ratio is not None:
        return FittedSmile(underlying, expiry, shape, Smile(rule, ratio), len(quotes))
    moves = market.assets[underlying].implied_slope
    if moves != 0.0 and abs(shape.skew) < 1e-9:
        raise InputError(
            f"the smile of {underlying} of {expiry:%Y-%m-%d} is flat, while its implied_slope is "
            f"{moves:g}: no skew-stickiness ratio describes that",
            file="--smile",
            expected="sticky_strike or sticky_delta",
        )
    implied = 1.0 if moves == 0.0 else 1.0 + moves / shape.skew
    return FittedSmile(underlying, expiry, shape, Smile(rule, implied), len(quotes))


def _parabola(quotes: Mapping[float, list[float]], years: float) -> Parabola:
    """Weighted least squares of ln volatility; two strikes give a straight line."""
    k = np.array(list(quotes))
    log_volatility = np.log([float(np.mean(each)) for each in quotes.values()])
    near = float(np.exp(log_volatility[np.argmin(np.abs(k))]))
    scale = near * np.sqrt(max(years, 1.0 / 365.0))
    # polyfit takes the root of a weight: it multiplies residuals, not their squares.
    weight = np.sqrt(np.maximum(np.exp(-0.5 * (k / scale) ** 2), LEAST_WEIGHT))
    curve, slope, level = (
        np.polyfit(k, log_volatility, 2, w=weight)
        if k.size > 2
        else (
            0.0,
            *np.polyfit(k, log_volatility, 1),
        )
    )
    at_money = float(np.exp(level))
    return Parabola(
        at_money,
        float(slope) * at_money,
        2.0 * float(curve),
        float(k.min()) - BEYOND,
        float(k.max()) + BEYOND,
    )


def smile_moves(book: Book, market: Market, as_of: float, fits: Fits) -> SmileMoves:
    """How each position's volatility follows spot; ``as_of`` in POSIX seconds."""
    first, second = np.zeros(len(book.instruments)), np.zeros(len(book.instruments))
    for i, item in enumerate(book.instruments):
        fit = fits.get((item.underlying, item.expiry)) if isinstance(item, Option) else None
        if fit is None:
            continue
        assert isinstance(item, Option)
        forward, volatility = _quoted(item, market)
        years = (item.expiry.timestamp() - as_of) / SECONDS_PER_YEAR
        slope = float(smile_slope(fit.smile, fit.shape, item.strike, forward, years, volatility))
        k = float(np.log(item.strike / forward))
        curve = fit.shape.curve if fit.shape.low < k < fit.shape.high else 0.0
        first[i] = slope
        # ln sigma moves by (1 - R) (L(k - h) - L(k)), L the fitted ln volatility.
        second[i] = slope * slope / volatility + volatility * (1.0 - fit.smile.ratio) * curve
    place = book.position_instrument
    return SmileMoves(first[place], second[place])


def with_smile(values: Values, book: Book, market: Market, moves: SmileMoves) -> Values:
    """``values`` with delta, gamma and vanna following the smile; ``moves`` of `smile_moves`."""
    if not (moves.first.any() or moves.second.any()):
        return values
    names = [book.instruments[i].underlying for i in book.position_instrument.tolist()]
    spot = np.array([market.assets[name].spot for name in names])
    first = moves.first / spot
    second = (moves.second - moves.first) / (spot * spot)
    delta = values.delta + values.vega * first
    gamma = values.gamma + 2.0 * values.vanna * first + values.volga * first * first
    return replace(
        values,
        delta=delta,
        delta_cash=delta * spot,
        gamma=gamma + values.vega * second,
        vanna=values.vanna + values.volga * first,
    )


def _quoted(item: Instrument, market: Market) -> tuple[float, float]:
    """Forward and implied volatility of an option; stand-ins of 1 where the market has none."""
    state = market.instruments.get(item.name)
    spot = market.assets[item.underlying].spot if item.underlying in market.assets else 1.0
    if state is None:
        return spot, 1.0
    return state.mark or spot, state.implied_volatility or 1.0
