"""Greeks when implied volatility moves with spot: the smile rule applied to a book's options.

With h = ln spot and the volatility of a fixed strike sigma(h) = sigma exp(c h), c = slope / sigma
(what `shocked_volatility` does along a fitted skew), S the underlying's spot:

    sigma' = slope / S                 sigma'' = (slope^2 / sigma - slope) / S^2
    delta + vega sigma'                gamma + 2 vanna sigma' + volga sigma'^2 + vega sigma''
    vanna + volga sigma'               value, vega, volga, theta as they are

The skew of each expiry is fitted to the implied volatilities that the Case lists: least squares of
ln volatility on ln(strike / forward), one slope for each expiry. The ratio of the fitted
skew-stickiness rule is 1 + implied_slope / skew, with ``implied_slope`` of market.toml, the
measured change of volatility at a fixed strike per unit of relative spot change: so the Greeks
move volatility as the cascade does. Wrong where one slope does not describe an expiry's smile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from seawall.book import Book
from seawall.foundation.errors import InputError
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.instruments import Instrument, Option
from seawall.market import Market
from seawall.valuation.revalue import Values
from seawall.valuation.smile import Skew, Smile, SmileRule, smile_slope

Floats = NDArray[np.float64]
# A skew is flat beyond its reach; it reaches well past the strikes it was fitted to.
LEAST_REACH = 0.5
REACH_OF_STRIKES = 1.5


@dataclass(frozen=True)
class FittedSmile:
    """One expiry of one underlying: its skew, and the rule with its ratio."""

    underlying: str
    expiry: datetime
    skew: Skew
    smile: Smile
    strikes: int


Fits = Mapping[tuple[str, datetime], FittedSmile]


def fit_smiles(
    book: Book, market: Market, rule: SmileRule, ratio: float | None = None
) -> dict[tuple[str, datetime], FittedSmile]:
    """The smile of every expiry of which the book holds an option; none under sticky strike.

    ratio   skew-stickiness ratio of every expiry (`seawall surface --stickiness` fits one to
            history); None: from each underlying's implied_slope

    Raises InputError when an expiry lists fewer than two strikes with an implied volatility, for a
    ratio under another rule, or a flat skew whose volatility moves all the same: no ratio describes
    that.
    """
    if ratio is not None and (rule is not SmileRule.SKEW_STICKINESS or not np.isfinite(ratio)):
        raise InputError(
            f"a skew-stickiness ratio of {ratio:g} is given with the rule {rule.value}",
            file="--ratio",
            expected="a finite number, with --smile skew_stickiness",
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
    held = dict.fromkeys(
        (item.underlying, item.expiry)
        for item in (book.instruments[i] for i in book.position_instrument.tolist())
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
    k = np.array(list(quotes))
    log_volatility = np.log([float(np.mean(each)) for each in quotes.values()])
    slope, level = np.polyfit(k, log_volatility, 1)
    reach = max(LEAST_REACH, REACH_OF_STRIKES * float(np.max(np.abs(k))))
    at_money = float(np.exp(level))
    skew = Skew(at_money, float(slope) * at_money, reach)
    if rule is SmileRule.STICKY_DELTA:
        return FittedSmile(underlying, expiry, skew, Smile(rule), len(quotes))
    if ratio is not None:
        return FittedSmile(underlying, expiry, skew, Smile(rule, ratio), len(quotes))
    moves = market.assets[underlying].implied_slope
    if moves != 0.0 and abs(skew.slope) < 1e-9:
        raise InputError(
            f"the smile of {underlying} of {expiry:%Y-%m-%d} is flat, while its implied_slope is "
            f"{moves:g}: no skew-stickiness ratio describes that",
            file="--smile",
            expected="sticky_strike or sticky_delta",
        )
    implied = 1.0 if moves == 0.0 else 1.0 + moves / skew.slope
    return FittedSmile(underlying, expiry, skew, Smile(rule, implied), len(quotes))


def smile_slopes(book: Book, market: Market, as_of: float, fits: Fits) -> Floats:
    """Change of each position's implied volatility per unit of ln spot, (n,); 0 without a fit.

    ``as_of`` in POSIX seconds.
    """
    by_instrument = np.zeros(len(book.instruments))
    for i, item in enumerate(book.instruments):
        fit = fits.get((item.underlying, item.expiry)) if isinstance(item, Option) else None
        if fit is None:
            continue
        forward, volatility = _quoted(item, market)
        assert isinstance(item, Option)
        years = (item.expiry.timestamp() - as_of) / SECONDS_PER_YEAR
        by_instrument[i] = smile_slope(fit.smile, fit.skew, item.strike, forward, years, volatility)
    return by_instrument[book.position_instrument]


def with_smile(values: Values, book: Book, market: Market, slope: Floats) -> Values:
    """``values`` with delta, gamma and vanna following the smile; ``slope`` of `smile_slopes`."""
    if not slope.any():
        return values
    pairs = [
        _quoted(item, market) if isinstance(item, Option) else (1.0, 1.0)
        for item in book.instruments
    ]
    volatility = np.array([pair[1] for pair in pairs])[book.position_instrument]
    names = [book.instruments[i].underlying for i in book.position_instrument.tolist()]
    spot = np.array([market.assets[name].spot for name in names])
    first = slope / spot
    second = (slope * slope / volatility - slope) / (spot * spot)
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
