"""Options of one book at one moment, and what they are worth there.

An option settles in coin: its mark is in coin, and one coin is worth ``index`` quote. Its value is

    V = index x Black(forward, strike, years, volatility) / forward         quote per option

Source: Deribit's inverse options; Black (1976). Wrong for options that settle in quote where coin
and quote are not the same thing: give index = forward = 1 x price there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.valuation.black import black

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class OptionLegs:
    """The book, (n,) each: size (long > 0, options), strike, call, and ``smile``, the index of the
    expiry (and underlying) whose smile it belongs to; ``coin`` the index of its underlying.
    """

    name: tuple[str, ...]
    size: Floats
    strike: Floats
    call: Bools
    smile: Ints
    coin: Ints


@dataclass(frozen=True)
class Seen:
    """What was seen of each leg at one moment, (n,): index and forward in quote per coin, years to
    expiry, implied volatility, mark, bid and ask in coin (NaN: no quote).
    """

    index: Floats
    forward: Floats
    years: Floats
    volatility: Floats
    mark: Floats
    bid: Floats
    ask: Floats


def value(legs: OptionLegs, index: Floats, forward: Floats, years: Floats, vol: Floats) -> Floats:
    """Value of one of each option, quote (n,)."""
    return np.asarray(index * black(forward, legs.strike, years, vol, legs.call) / forward)


def moneyness(legs: OptionLegs, seen: Seen, level: Floats) -> Floats:
    """ln(strike / forward) in standard deviations of the expiry at volatility ``level`` (n,)."""
    spread = level * np.sqrt(np.maximum(seen.years, 1e-9))
    return np.asarray(np.log(legs.strike / seen.forward) / spread)
