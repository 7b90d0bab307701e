"""Trades and shocks in words.

A trade is ``-10 BTC-PERP``: a signed size in the instrument's own units and its name
(`seawall.whatif.trade` does it). A shock is ``BTC=-12%,vol=+20%``: relative moves of assets'
prices, and of every implied volatility (-50% halves it). A share (a staked token, a liquidity,
vault or pool share) follows what it holds; a move of its own is of its discount, on top of that.
``all`` moves every asset that is no share and not stable (`STABLE_VOLATILITY`, 5% a year), so
neither the quote currency nor other stable coins.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.valuation.moved import price_ratios
from seawall.valuation.portfolio_greeks import STABLE_VOLATILITY

VOLATILITY = "vol"
EVERYTHING = "all"
LARGEST_MOVE = 100.0  # +10,000%
LARGEST_SIZE = 1e24  # as in a Case's positions
# A point is the decimal sign; commas may stand between thousands and nowhere else, so that 1,5
# is refused and not read as 15.
SIZE = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
NAMES_SHOWN = 3


@dataclass(frozen=True)
class Trade:
    """``size`` units of ``instrument`` bought (> 0) or sold (< 0)."""

    instrument: str
    size: float


@dataclass(frozen=True)
class Shock:
    """Relative moves: {asset: fraction} of prices, ``volatility`` of every implied volatility."""

    spot: Mapping[str, float] = field(default_factory=dict)
    volatility: float = 0.0

    @property
    def empty(self) -> bool:
        """True when nothing moves."""
        return not self.volatility and not any(self.spot.values())


def parse_trade(text: str) -> Trade:
    """A trade from ``-10 BTC-PERP``; InputError when it is not a size and a name."""
    parts = text.split()
    size = _number(parts[0]) if len(parts) == 2 else None
    if size is None or not 0.0 < abs(size) <= LARGEST_SIZE:
        raise InputError(
            f"{text!r} is not a trade",
            file="--add",
            expected='a signed size and an instrument, such as "-10 BTC-PERP"',
        )
    return Trade(parts[1], size)


def parse_shock(text: str) -> Shock:
    """A shock from ``BTC=-12%,vol=+20%``; InputError for what is no move, or is given twice."""
    spot: dict[str, float] = {}
    volatility: float | None = None
    for part in text.split(","):
        name, equals, amount = (piece.strip() for piece in part.partition("="))
        found = re.fullmatch(r"([+-]?\d+(?:\.\d+)?)\s*%", amount)
        if not equals or not name or found is None:
            raise InputError(
                f"{part.strip()!r} is not a move",
                file="--shock",
                expected='moves in per cent such as "BTC=-12%,vol=+20%"',
            )
        move = float(found.group(1)) / 100.0
        if not -1.0 < move <= LARGEST_MOVE:
            raise InputError(
                f"{name} would move by {amount}",
                file="--shock",
                expected="more than -100% and at most +10000%",
            )
        if name in spot or (name == VOLATILITY and volatility is not None):
            raise InputError(
                f"{name} is given twice", file="--shock", expected="each asset once, and vol once"
            )
        if name == VOLATILITY:
            volatility = move
        else:
            spot[name] = move
    shock = Shock(spot, volatility or 0.0)
    if shock.empty:
        raise InputError(f"{text!r} moves nothing", file="--shock", expected="a move other than 0%")
    return shock


def nearest(name: str, known: Sequence[str]) -> str:
    """Up to three of ``known`` that look like ``name``, in words."""
    lower = {k.lower(): k for k in known}
    close = difflib.get_close_matches(name.lower(), lower, NAMES_SHOWN, 0.5)
    names = [lower[k] for k in close] or list(known)[:NAMES_SHOWN]
    return " or ".join(repr(n) for n in names) if names else "a Case that has one"


def _number(text: str) -> float | None:
    if SIZE.fullmatch(text) is None:
        return None
    try:
        return float(text.replace(",", ""))
    except ValueError:  # "", "+", "e5"
        return None


def price_factors(case: Case, shock: Shock) -> dict[str, float]:
    """{asset: factor on its price} of a shock, for every asset of the market; {} without moves.

    Shares are looked through (`seawall.valuation.moved`): when ETH falls, wstETH falls with it, its
    discount to the ETH inside unchanged. Raises InputError for an unknown asset, for the quote
    currency, and for a move after which a share would be worth nothing.
    """
    factors: dict[str, float] = {}
    assets, shares = case.market.assets, case.market.shares
    for name, move in shock.spot.items():
        if name == EVERYTHING:
            continue
        if name not in assets:
            raise InputError(
                f"there is no asset {name!r}", file="--shock", expected=nearest(name, list(assets))
            )
        if name == case.quote:
            raise InputError(
                f"{name} is the quote currency, whose price is 1 by definition",
                file="--shock",
                expected="moves of other assets",
            )
        factors[name] = 1.0 + move
    if EVERYTHING in shock.spot:
        for name, state in assets.items():
            moves = state.volatility > STABLE_VOLATILITY and name not in shares
            if moves and name != case.quote:
                factors.setdefault(name, 1.0 + shock.spot[EVERYTHING])
    return price_ratios(case.market, case.book.instruments, factors) if factors else {}
