"""Soft liquidation in bands: collateral is sold bit by bit as the oracle falls, bought back as it
rises, by arbitrageurs who trade with the loan's own market maker.

A loan's collateral is spread evenly over n bands below a top price, r = (A - 1) / A:

    band k from up_k = top r^k down to down_k = up_k r

Within a band that holds x quote and y coins, with the oracle at o,

    y0 solves  o A y0^2 - y0 (up/o (A - 1) x + o^2/up A y) - x y = 0
    f = o^2/up A y0,  g = up/o (A - 1) y0,  (x + f)(y + g) = o A^2 y0^2 = I,  price (x + f)/(y + g)

so its price runs from o^3/up^2 to o^3/down^2: it falls faster than the oracle and sells a little
below the market, rises faster and buys a little above. Arbitrageurs trade each band to the market
price, less a fee that stays in the band. A slow fall through a band turns a coin into
sqrt(up down) quote; each jump and each round trip loses, the more the larger the move.

    health = quote if the price fell slowly through all bands x (1 - discount) / debt - 1

A loan is closed by a keeper when its health is below 0 (and it is below the rulebook's
maintenance). The top is where that quote x (1 - room) equals the debt, at most the price now.
Source: Egorov (2022), crvUSD's whitepaper, and its public documentation. Wrong for its common grid
of bands (a top lies anywhere here), for bands shared by several loans and for its dynamic fee.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import Quantity
from seawall.foundation.record import number, whole

AMPLIFICATION = Quantity("a number above 1, at most 10,000 (100: bands of 1%)", 1.0, 1e4, True)
DISCOUNT = Quantity("a fraction from 0, below 1 (0.06 means 6%)", 0.0, 1.0, False, True)


@dataclass(frozen=True)
class SoftBands:
    """Parameters.

    bands          n                             amplification  A
    room           discount that places the top  discount       at closing by a keeper, below room
    fee            of a trade with a band, a fraction
    """

    bands: int = whole(1, 50)
    amplification: float = number(AMPLIFICATION)
    room: float = number(DISCOUNT, 0.09)
    discount: float = number(DISCOUNT, 0.06)
    fee: float = number(DISCOUNT, 0.0)

    def __post_init__(self) -> None:
        if self.discount > self.room:
            raise InputError(
                f"soft bands: discount {self.discount:g} is above room {self.room:g}",
                expected="a discount at closing of at most room, or loans would start unhealthy",
            )


def ratio(rule: SoftBands) -> float:
    """r, each band's lower price over its upper."""
    return (rule.amplification - 1.0) / rule.amplification


def edges(rule: SoftBands, top: Floats) -> Floats:
    """Prices (n, bands + 1) of the bands' edges, from the top down."""
    powers = np.cumprod(np.concatenate([[1.0], np.full(rule.bands, ratio(rule))]))
    return top[:, None] * powers


def top_price(rule: SoftBands, coins: Floats, debt: Floats, price: Floats) -> Floats:
    """Upper edge (n,) of each loan's first band: coins > 0, debt >= 0 quote, price now."""
    unit = edges(rule, np.ones(1))[0]
    each = np.sqrt(unit[:-1] * unit[1:])
    worth = float(np.sum(each)) / rule.bands
    return np.minimum(debt / (coins * (1.0 - rule.room) * worth), price)


def _curve(rule: SoftBands, x: Floats, y: Floats, up: Floats, oracle: Floats) -> tuple[Floats, ...]:
    """f, g and I of bands that hold x quote and y coins, any shape."""
    a = rule.amplification
    lean = up / oracle * (a - 1.0) * x + oracle * oracle / up * a * y
    y0 = (lean + np.sqrt(lean * lean + 4.0 * oracle * a * x * y)) / (2.0 * oracle * a)
    f, g = oracle * oracle / up * a * y0, up / oracle * (a - 1.0) * y0
    return f, g, oracle * a * a * y0 * y0


def trade(
    rule: SoftBands, x: Floats, y: Floats, up: Floats, oracle: Floats, market: Floats
) -> tuple[Floats, Floats]:
    """Quote and coins of each band (any shape) once arbitrageurs have traded to ``market``.

    They buy coins while the band's price (1 + fee) is below the market, sell while price
    (1 - fee) is above; the fee, in what they pay, stays in the band. An empty band has no price.
    """
    empty, held = (x <= 0.0) & (y <= 0.0), y
    y = np.where(empty, 1.0, y)
    f, g, product = _curve(rule, x, y, up, oracle)
    now = (x + f) / (y + g)
    low, high = market / (1.0 + rule.fee), market / (1.0 - rule.fee)
    goal = np.where(now < low, low, np.where(now > high, high, now))
    # At the ends of a band one side is used up.
    quote = np.maximum(np.sqrt(product * goal) - f, 0.0)
    coins = np.maximum(np.sqrt(product / goal) - g, 0.0)
    quote = np.where(coins > 0.0, quote, product / g - f)
    coins = np.where(quote > 0.0, coins, product / f - g)
    bought = quote > x  # by the arbitrageurs
    quote = quote + np.where(bought, rule.fee * (quote - x), 0.0)
    coins = coins + np.where(~bought & (coins > y), rule.fee * (coins - y), 0.0)
    # A band that holds nothing of what it would have to give does not trade.
    still = (goal == now) | ((x <= 0.0) & (goal < now)) | ((y <= 0.0) & (goal > now)) | empty
    return np.where(still, x, quote), np.where(still, held, coins)


def quote_at_bottom(x: Floats, y: Floats, edge: Floats) -> Floats:
    """Quote (n,) if the price fell slowly through all bands: x, y (n, b), edge (n, b + 1)."""
    each = x + y * np.sqrt(edge[:, :-1] * edge[:, 1:])
    total = np.zeros(each.shape[0])
    for k in range(each.shape[1]):
        total = total + each[:, k]
    return total


def health(rule: SoftBands, x: Floats, y: Floats, edge: Floats, debt: Floats) -> Floats:
    """Health (n,) of loans, debt (n,) quote > 0; below 0 a keeper may close them."""
    return quote_at_bottom(x, y, edge) * (1.0 - rule.discount) / debt - 1.0
