"""What the market's move did to the book of the first Case, holding by holding.

Full revaluation, one thing after another, each with all before it already moved:

    time        the clock runs: options age, staked tokens grow; prices, volatilities as they were
    spot        every asset's price moves; marks, forwards and volatilities keep their distance
    basis       marks and forwards move against their underlying
    rate        discount rates of options
    level, skew, curvature, own     each option's volatility moves, by its smile's parts

Taylor beside it, from the exposures at the start (shares looked through to plain assets): delta,
gamma with all cross terms, vega, vanna, volga, theta; basis as above, with the discounts of shares;
higher_order is the revaluation less all that.

Wrong where: parts depend on the order, which is why it is stated; a position's value is the model's
at the stated volatility, so a venue's own mark of an option that differs from it is not seen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from seawall.book import Book
from seawall.exposure.pnl.option_legs import OptionLegs, Seen
from seawall.exposure.pnl.pair import Pair
from seawall.exposure.pnl.smile_parts import smile_parts
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.instruments import Held, Option
from seawall.market import Market
from seawall.market.state import InstrumentState
from seawall.valuation.exposures import Exposures, exposures
from seawall.valuation.moved import moved
from seawall.valuation.revalue import revalue
from seawall.valuation.shares import claims

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SMILE = ("level", "skew", "curvature", "own")
REVALUED = ("time", "spot", "basis", "rate", *SMILE)
TAYLOR = ("delta", "gamma", "vega", "vanna", "volga", "theta", "basis", "higher_order")


@dataclass(frozen=True)
class Move:
    """By holding (h,), positions first, then balances: P&L in quote and its parts both ways."""

    pnl: Floats
    revalued: dict[str, Floats]
    taylor: dict[str, Floats]


def worth(book: Book, market: Market, as_of: float) -> Floats:
    """Value (h,) of every position, its own margin included, and of every balance, quote."""
    spot = np.array([_spot(market, asset) for asset in book.assets])
    place = {asset: n for n, asset in enumerate(book.assets)}
    settle = np.array(
        [place[item.settle] if not isinstance(item, Held) else 0 for item in book.instruments],
        dtype=np.int64,
    )
    own = np.where(book.isolated, book.isolated_margin, 0.0)
    positions = revalue(book, market, as_of).value
    if book.size.size:
        positions = positions + own * spot[settle[book.position_instrument]]
    return np.concatenate([positions, book.quantity * spot[book.balance_asset]])


def _spot(market: Market, asset: str) -> float:
    # An asset that neither market knows is held by nobody: `revalue` refuses those that are.
    state = market.assets.get(asset)
    return 0.0 if state is None else state.spot


def market_move(pair: Pair, begin: float, end: float) -> Move:
    """The first book from the first market to the later one; times in POSIX seconds."""
    states = _states(pair, end - begin)
    values = [worth(pair.first, pair.before, begin)]
    values += [worth(pair.first, market, end) for market in states]
    parts = {name: values[n + 1] - values[n] for n, name in enumerate(REVALUED)}
    pnl = values[-1] - values[0]
    taylor = _taylor(pair, begin, end, parts["basis"])
    taylor["higher_order"] = pnl - np.sum(list(taylor.values()), axis=0)
    return Move(pnl, parts, taylor)


def _states(pair: Pair, seconds: float) -> list[Market]:
    """The market after each step of REVALUED."""
    before, after, book = pair.before, pair.after, pair.first
    held = [book.instruments[n] for n in sorted(set(book.position_instrument.tolist()))]
    aged = moved(before, book.instruments, {}, seconds=seconds)
    old = {item.name: before.instruments.get(item.name, InstrumentState()) for item in held}
    new = {item.name: after.instruments.get(item.name, InstrumentState()) for item in held}
    at_spot, at_basis, at_rate = {}, {}, {}
    for item in held:
        if isinstance(item, Held):
            continue
        ratio = after.assets[item.underlying].spot / before.assets[item.underlying].spot
        state, last = old[item.name], new[item.name]
        mark = None if state.mark is None else state.mark * ratio
        at_spot[item.name] = replace(state, mark=mark)
        at_basis[item.name] = replace(state, mark=last.mark)
        at_rate[item.name] = replace(state, mark=last.mark, rate=last.rate)

    def market(states: dict[str, InstrumentState]) -> Market:
        return replace(
            before,
            assets=after.assets,
            shares=after.shares,
            instruments={**before.instruments, **states},
        )

    found = [aged, market(at_spot), market(at_basis), market(at_rate)]
    return [*found, *(market({**at_rate, **vols}) for vols in _smiles(pair, at_rate, seconds))]


def _smiles(
    pair: Pair, states: dict[str, InstrumentState], seconds: float
) -> list[dict[str, InstrumentState]]:
    """States of the options after each part of their smile has moved; the last is the later one."""
    book = pair.first
    places = [
        n
        for n in sorted(set(book.position_instrument.tolist()))
        if isinstance(book.instruments[n], Option)
    ]
    if not places:
        return [{}, {}, {}, {}]
    options = [item for n in places for item in [book.instruments[n]] if isinstance(item, Option)]
    smile = {key: n for n, key in enumerate(dict.fromkeys(_smile_of(one) for one in options))}
    legs = OptionLegs(
        name=tuple(one.name for one in options),
        size=np.ones(len(options)),
        strike=np.array([one.strike for one in options]),
        call=np.array([one.call for one in options]),
        smile=np.array([smile[_smile_of(one)] for one in options]),
        coin=np.zeros(len(options), dtype=np.int64),
    )
    first = smile_parts(legs, _seen(options, pair.before))
    last = smile_parts(legs, _seen(options, pair.after))
    vol = _volatility(options, pair.before)
    found = []
    for name in SMILE[:-1]:
        vol = vol + getattr(last, name) - getattr(first, name)
        # A parabola may pass below zero on its way; a volatility may not.
        found.append(np.maximum(vol, 0.01))
    found.append(_volatility(options, pair.after))
    return [
        {
            one.name: replace(states[one.name], implied_volatility=float(sigma))
            for one, sigma in zip(options, sigmas, strict=True)
        }
        for sigmas in found
    ]


def _smile_of(option: Option) -> tuple[str, str, float]:
    return option.underlying, option.settle, option.expiry.timestamp()


def _volatility(options: list[Option], market: Market) -> Floats:
    return np.array(
        [market.instruments[one.name].implied_volatility for one in options], dtype=np.float64
    )


def _seen(options: list[Option], market: Market) -> Seen:
    """What `smile_parts` reads of the options: forwards, years and volatilities."""
    spot = np.array([market.assets[one.underlying].spot for one in options])
    marks = [market.instruments[one.name].mark for one in options]
    forward = np.array([s if m is None else m for s, m in zip(spot, marks, strict=True)])
    now = market.as_of.timestamp()
    years = np.array([(one.expiry.timestamp() - now) / SECONDS_PER_YEAR for one in options])
    none = np.full(spot.size, np.nan)
    return Seen(spot, forward, years, _volatility(options, market), none, none, none)


def _taylor(pair: Pair, begin: float, end: float, basis: Floats) -> dict[str, Floats]:
    book = pair.first
    found = exposures(book, pair.before, revalue(book, pair.before, begin))
    move = np.array([_spot(pair.after, asset) - _spot(pair.before, asset) for asset in book.assets])
    count = book.size.size + book.quantity.size
    slopes, bends = found.slopes, found.bends
    delta = np.bincount(slopes.holding, slopes.delta * move[slopes.asset], minlength=count)
    bent = bends.gamma * move[bends.first] * move[bends.second]
    gamma = 0.5 * np.bincount(bends.holding, bent, minlength=count)
    vol = _volatility_moves(pair, count)
    discount = _discount_moves(pair, found)
    return {
        "delta": delta,
        "gamma": gamma,
        "vega": found.vega * vol,
        "vanna": found.vanna * move[found.named] * vol,
        "volga": 0.5 * found.volga * vol * vol,
        "theta": found.theta * (end - begin) / SECONDS_PER_YEAR,
        "basis": basis + discount,
    }


def _volatility_moves(pair: Pair, count: int) -> Floats:
    """Move of each holding's implied volatility (h,), 0 for what has none."""
    move = np.zeros(count)
    for row, n in enumerate(pair.first.position_instrument.tolist()):
        name = pair.first.instruments[n].name
        old, new = pair.before.instruments.get(name), pair.after.instruments.get(name)
        if old is None or new is None:
            continue
        if old.implied_volatility is not None and new.implied_volatility is not None:
            move[row] = new.implied_volatility - old.implied_volatility
    return move


def _discount_moves(pair: Pair, found: Exposures) -> Floats:
    """What the discounts of shares to their contents did to each holding (h,), first order."""
    items = pair.first.instruments
    then, now = claims(pair.before, items), claims(pair.after, items)
    ratio = np.array([now[a].ratio / then[a].ratio - 1.0 for a in pair.first.assets])
    return np.asarray(found.discount * ratio[found.named])
