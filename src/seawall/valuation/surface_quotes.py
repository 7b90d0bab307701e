"""Which quotes of an option chain a volatility surface may be fitted to, and why not the others.

Idea: a quote is used when it says something about volatility on both sides: a bid and an ask, bid
below ask, both between the option's intrinsic value and its upper bound (F for a call, K for a
put), on the out-of-the-money side. The in-the-money twin of a strike says the same with more
noise from the forward, and stands in only where the out-of-the-money side is not usable. Prices
are turned into bid and ask volatilities on the forward of the expiry.
Every quote that is left out is counted under exactly one reason: none is lost.
Wrong when bid and ask are of different moments (a chain is read over minutes, not at once), and
when the forward is: an error of one basis point in it moves an at-the-money volatility little, but
opens a step between puts and calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.valuation.black import greeks
from seawall.valuation.implied import plain_implied_volatility

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Dropped(StrEnum):
    """Why a quote is not used; the first that applies, in this order."""

    EXPIRED = "expired"
    NO_QUOTE = "neither bid nor ask"
    NO_BID = "no bid"
    NO_ASK = "no ask"
    CROSSED = "bid at or above ask"
    BELOW_INTRINSIC = "bid below intrinsic value"
    ABOVE_BOUND = "ask above upper bound"
    IN_THE_MONEY = "in the money, twin used"
    TOO_FEW = "fewer than 3 usable strikes"


FEWEST_STRIKES = 3
# Of 200 snapshots of Deribit's chains at most 1 quote in 700 is on the wrong side of a bound; with
# every price 10 times too large or too small it is 1 in 4, of 1,000 times too large 5 in 6.
MOST_IMPOSSIBLE = 0.05
FEWEST_IMPOSSIBLE = 3
# A price this near to a bound, relative to it, is at the bound.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class ChainRows:
    """One underlying's option quotes at one time, all expiries; every array (n,).

    years           to expiry (<= 0: expired)     forward   of that expiry, quote currency
    strike          quote currency                call      True or False
    bid, ask        option prices as a fraction of the forward (coin prices of inverse options);
                    NaN, 0 or less = none
    """

    underlying: str
    as_of: datetime | None
    years: Floats
    forward: Floats
    strike: Floats
    call: Bools
    bid: Floats
    ask: Floats


@dataclass(frozen=True)
class ExpiryQuotes:
    """The usable quotes of one expiry, strikes rising; arrays (n,).

    years, forward            of the expiry
    strike, log_moneyness     quote currency; ln(strike / forward)
    bid_volatility, ask_volatility   annual fractions, bid < ask
    vega                      at the middle volatility, as a fraction of the forward per 1.00
    dropped                   how many quotes were left out, by reason
    """

    years: float
    forward: float
    strike: Floats
    log_moneyness: Floats
    bid_volatility: Floats
    ask_volatility: Floats
    vega: Floats
    dropped: dict[Dropped, int]

    @property
    def middle(self) -> Floats:
        """Middle of bid and ask volatility."""
        return 0.5 * (self.bid_volatility + self.ask_volatility)

    @property
    def half_spread(self) -> Floats:
        """Half of ask less bid volatility."""
        return 0.5 * (self.ask_volatility - self.bid_volatility)


@dataclass(frozen=True)
class SurfaceQuotes:
    """What a surface is fitted to: expiries in order, and those of which nothing is usable.

    unusable   {years to expiry: {reason: quotes}} of expiries without enough usable strikes
    """

    underlying: str
    as_of: datetime | None
    expiries: tuple[ExpiryQuotes, ...]
    unusable: dict[float, dict[Dropped, int]]


def usable_quotes(rows: ChainRows) -> SurfaceQuotes:
    """The quotes to fit, expiry by expiry, with a count of those left out and the reason.

    An expiry with fewer than 3 usable strikes is reported as unusable. Raises InputError when the
    chain is empty, a strike or forward is not above 0, a strike is quoted twice on one side, more
    than 1 in 20 quotes cannot be in coin, or no expiry is usable.
    """
    _refuse(rows)
    _refuse_other_unit(rows)
    reasons = _reasons(rows)
    bid, ask = _volatilities(rows, np.array([reason is None for reason in reasons]))
    expiries: list[ExpiryQuotes] = []
    unusable: dict[float, dict[Dropped, int]] = {}
    for years in np.unique(rows.years):
        here = np.flatnonzero(rows.years == years)
        used = here[[reasons[row] is None for row in here]]
        if used.size < FEWEST_STRIKES:
            for row in used:
                reasons[row] = Dropped.TOO_FEW
            unusable[float(years)] = _counted(reasons, here)
            continue
        used = used[np.argsort(rows.strike[used], kind="stable")]
        expiries.append(_expiry(rows, used, bid, ask, _counted(reasons, here)))
    if not expiries:
        counts: dict[str, int] = {}
        for found in unusable.values():
            for reason, number in found.items():
                counts[reason.value] = counts.get(reason.value, 0) + number
        told = ", ".join(f"{number} {reason}" for reason, number in counts.items())
        raise InputError(
            f"no expiry of {rows.underlying} has {FEWEST_STRIKES} usable strikes ({told})",
            column="bid_price",
            expected="options with a bid and an ask on both sides of the forward",
        )
    return SurfaceQuotes(rows.underlying, rows.as_of, tuple(expiries), unusable)


def _refuse(rows: ChainRows) -> None:
    """What no chain may hold."""
    if rows.strike.size == 0:
        raise InputError(
            f"the chain of {rows.underlying} is empty", expected="rows with option quotes"
        )
    for name in ("strike", "forward"):
        values = getattr(rows, name)
        bad = ~(np.isfinite(values) & (values > 0.0))
        if np.any(bad):
            first = int(np.argmax(bad))
            raise InputError(
                f"the {name} is {values[first]:g}",
                column="futures_price" if name == "forward" else name,
                expected="a price above 0",
            )
    keys = np.stack([rows.years, rows.strike, rows.call])
    found, times = np.unique(keys, axis=1, return_counts=True)
    if np.any(times > 1):
        twice = int(np.argmax(times > 1))
        side = "call" if found[2, twice] else "put"
        raise InputError(
            f"the {side} of strike {found[1, twice]:g} is there {times[twice]} times in one expiry",
            column="strike",
            expected="one snapshot of one underlying, each option once",
        )


def _refuse_other_unit(rows: ChainRows) -> None:
    """Quotes that nobody gives: a bid above the most that an option can be worth, an ask below
    the least. A few are slips; many mean that prices are not a fraction of the forward.
    """
    intrinsic, bound = _bounds(rows)
    quoted = (rows.bid > 0.0) & (rows.ask > rows.bid) & (rows.years > 0.0)
    above = quoted & (rows.bid >= bound * (1.0 - _ROUNDING))
    below = quoted & (rows.ask <= intrinsic * (1.0 + _ROUNDING))
    for side, wrong, limit in (
        ("bid", above, "at or above the most that they can be worth"),
        ("ask", below, "at or below their intrinsic value"),
    ):
        number, all_of = int(np.sum(wrong)), int(np.sum(quoted))
        if number >= FEWEST_IMPOSSIBLE and number > MOST_IMPOSSIBLE * all_of:
            raise InputError(
                f"the {side}s of {number} of {all_of} options on {rows.underlying} are {limit}",
                column=f"{side}_price",
                expected="prices in coin, a fraction of the forward (0.05 means 5% of it)",
            )


def _bounds(rows: ChainRows) -> tuple[Floats, Floats]:
    """Least and most that each option can be worth, as fractions of the forward, (n,)."""
    ratio = rows.strike / rows.forward
    intrinsic = np.maximum(np.where(rows.call, 1.0 - ratio, ratio - 1.0), 0.0)
    return intrinsic, np.where(rows.call, 1.0, ratio)


def _reasons(rows: ChainRows) -> list[Dropped | None]:
    """Why each row is left out; None = used."""
    bid, ask = rows.bid, rows.ask
    no_bid, no_ask = ~(bid > 0.0), ~(ask > 0.0)
    ratio = rows.strike / rows.forward
    intrinsic, bound = _bounds(rows)
    tests = (
        (Dropped.EXPIRED, ~(rows.years > 0.0)),
        (Dropped.NO_QUOTE, no_bid & no_ask),
        (Dropped.NO_BID, no_bid),
        (Dropped.NO_ASK, no_ask),
        (Dropped.CROSSED, bid >= ask),
        (Dropped.BELOW_INTRINSIC, bid <= intrinsic * (1.0 + _ROUNDING)),
        (Dropped.ABOVE_BOUND, ask >= bound * (1.0 - _ROUNDING)),
    )
    reasons: list[Dropped | None] = [None] * bid.size
    for reason, failed in reversed(tests):
        for row in np.flatnonzero(failed):
            reasons[row] = reason
    # The out-of-the-money side first; at the forward itself, the call.
    out = np.where(rows.call, ratio >= 1.0, ratio < 1.0)
    good = np.array([reason is None for reason in reasons])
    told = {
        (years, strike)
        for years, strike, usable in zip(rows.years, rows.strike, good & out, strict=True)
        if usable
    }
    for row in np.flatnonzero(good & ~out):
        if (rows.years[row], rows.strike[row]) in told:
            reasons[row] = Dropped.IN_THE_MONEY
    return reasons


def _counted(reasons: list[Dropped | None], here: NDArray[np.int64]) -> dict[Dropped, int]:
    found = [reasons[row] for row in here]
    return {reason: found.count(reason) for reason in Dropped if reason in found}


def _volatilities(rows: ChainRows, used: Bools) -> tuple[Floats, Floats]:
    """Bid and ask volatility of the used rows, NaN elsewhere, (n,)."""
    ratio, years, call = rows.strike[used] / rows.forward[used], rows.years[used], rows.call[used]
    one = np.ones_like(ratio)
    found = []
    for price in (rows.bid, rows.ask):
        volatility = np.full(price.shape, np.nan)
        # The plain twin: the same bits whether or not the kernel is compiled, and fast enough here.
        volatility[used] = plain_implied_volatility(price[used], one, ratio, years, call).volatility
        found.append(volatility)
    return found[0], found[1]


def _expiry(
    rows: ChainRows,
    used: NDArray[np.int64],
    bid: Floats,
    ask: Floats,
    dropped: dict[Dropped, int],
) -> ExpiryQuotes:
    """The quotes of these rows, each on the forward of the moment when it was read."""
    years = float(rows.years[used[0]])
    k = np.log(rows.strike[used] / rows.forward[used])
    middle = 0.5 * (bid[used] + ask[used])
    return ExpiryQuotes(
        years=years,
        forward=float(np.median(rows.forward[used])),
        strike=rows.strike[used],
        log_moneyness=k,
        bid_volatility=bid[used],
        ask_volatility=ask[used],
        vega=greeks(1.0, np.exp(k), years, middle, rows.call[used]).vega,
        dropped=dropped,
    )
