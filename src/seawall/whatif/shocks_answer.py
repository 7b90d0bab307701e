"""What `seawall shocks` answers: each account's worst change of equity over spot x volatility.

Every price of the assets that move is multiplied by one factor, every implied volatility by
another; no time passes and nobody trades. Equity counts balances and profit at market, without
haircuts. Options are priced by the plain twin always, and the worst of the sums is the same by
either of its twins, so the same Case gives the same bytes (L10).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from seawall import __version__
from seawall.book import AccountKind, Book
from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.engine import populated
from seawall.case import Case
from seawall.foundation.arrays import segment_sums
from seawall.foundation.errors import InputError
from seawall.instruments import Held, Option
from seawall.valuation import fastblack
from seawall.valuation.common_shock import account_changes, moving_together
from seawall.valuation.revalue import per_account, revalue
from seawall.valuation.shockgrid import change_table, equity_holdings, rectangular
from seawall.valuation.worst_loss import WorstLoss, worst_loss
from seawall.whatif.edit import EVERYTHING, LARGEST_MOVE, nearest
from seawall.whatif.margin_answer import case_names, scope_name
from seawall.whatif.standing import desk_accounts

SCHEMA = "seawall/shocks/1"
MOST_POINTS = 101  # of one axis


@dataclass(frozen=True)
class Axis:
    """Relative moves of one axis, rising, (n,): -0.3 is a fall by 30%."""

    moves: Floats


def parse_axis(text: str, option: str) -> Axis:
    """Moves from ``-30%:30%:7``: lowest, highest and how many; InputError for anything else."""
    percent = r"([+-]?\d+(?:\.\d+)?)\s*%"
    found = re.fullmatch(rf"\s*{percent}\s*:\s*{percent}\s*:\s*(\d+)\s*", text)
    if found is None:
        raise InputError(
            f"{text!r} is not a range of moves",
            file=option,
            expected="lowest, highest and how many, such as -30%:30%:7",
        )
    low, high, count = float(found[1]) / 100.0, float(found[2]) / 100.0, int(found[3])
    if not (-1.0 < low < high <= LARGEST_MOVE and 2 <= count <= MOST_POINTS):
        raise InputError(
            f"{text!r} is not a range that can be made",
            file=option,
            expected=f"from above -100% up to at most +10000%, 2 to {MOST_POINTS} moves",
        )
    # Twelve digits: a middle of 1e-17 would be a move, and 0 is none.
    return Axis(np.round(np.linspace(low, high, count), 12))


def moving_assets(case: Case, asset: str) -> tuple[str, ...]:
    """``all``: every asset but stable ones and shares, which follow what they hold; or the one.

    Raises InputError for an unknown asset and for the quote currency.
    """
    assets = case.market.assets
    if asset == EVERYTHING:
        return moving_together(case.market, case.quote)
    if asset not in assets or asset == case.quote:
        raise InputError(
            f"there is no asset {asset!r} that can move",
            file="--asset",
            expected=nearest(asset, [n for n in assets if n != case.quote]),
        )
    return (asset,)


def shocks_answer(
    case: Case,
    spot: Axis,
    volatility: Axis,
    *,
    asset: str = EVERYTHING,
    account: str | None = None,
    desk: str | None = None,
    crowd: bool = False,
) -> dict[str, Any]:
    """Worst change of equity of every account asked for, and the shock that gives it.

    asset  what moves      crowd  every generated account too      account  also its whole grid

    Raises InputError for what does not exist, and for a crowd that the Case does not have.
    """
    shown = np.array(desk_accounts(case, account, desk), dtype=np.int64)
    book = _with_crowd(case) if crowd else case.book
    others = np.array([kind is AccountKind.CROWD for kind in book.account_kind], dtype=bool)
    assets = moving_assets(case, asset)
    shocks = rectangular(assets, 1.0 + spot.moves, 1.0 + volatility.moves)
    now = case.market.as_of.timestamp()
    holdings = equity_holdings(book, case.market, now)
    table = change_table(book, case.market, now, shocks, fastblack.plain_revalue_grid)
    worst = worst_loss(holdings, table)
    rows = _Rows(book, spot, volatility, equity_of(book, case), worst, _with_options(book))
    answer: dict[str, Any] = {
        "schema": SCHEMA,
        "version": __version__,
        "case": case_names(case),
        "scope": scope_name(case, account, desk),
        "assets": list(assets),
        "spot": spot.moves.tolist(),
        "volatility": volatility.moves.tolist(),
        "accounts": [rows.of(int(n)) for n in shown],
        "crowd": [rows.of(int(n)) for n in np.setdiff1d(np.flatnonzero(others), shown)]
        if crowd
        else [],
        "grid": None,
    }
    if account is not None:
        change = account_changes(holdings, table, int(shown[0]))
        shape = spot.moves.size, volatility.moves.size
        answer["grid"] = {"account": account, "change": change.reshape(shape).T.tolist()}
    return answer


def equity_of(book: Book, case: Case) -> Floats:
    """Worth of every account at market, (a,), quote: balances, margins, profit so far, options."""
    known = case.market.assets
    spot = np.array([known[a].spot if a in known else np.nan for a in book.assets])
    coins = book.quantity * spot[book.balance_asset]
    values = revalue(book, case.market, case.market.as_of.timestamp()).value
    posted = np.zeros(book.size.size)
    for n in np.flatnonzero(book.isolated_margin):
        item = book.instruments[book.position_instrument[n]]
        settle = item.underlying if isinstance(item, Held) else item.settle
        posted[n] = book.isolated_margin[n] * known[settle].spot
    own = per_account(book, values + posted)
    return own + segment_sums(coins, book.balance_account, own.size)


@dataclass(frozen=True)
class _Rows:
    """What the rows of the answer are made from; arrays by the book's number of an account."""

    book: Book
    spot: Axis
    volatility: Axis
    equity: Floats
    worst: WorstLoss
    options: Bools

    def of(self, n: int) -> dict[str, Any]:
        """One account's row."""
        change, equity = float(self.worst.change[n]), float(self.equity[n])
        first, second = divmod(int(self.worst.shock[n]), self.volatility.moves.size)
        return {
            "account": self.book.account_names[n],
            "venue": self.book.account_venue[n],
            "equity": equity,
            "change": change,
            "after": equity + change,
            # An account that loses under no shock has no worst one; without options volatility
            # changes nothing, and naming the first of equals would mislead.
            "worst": None
            if change >= 0.0
            else {
                "spot": float(self.spot.moves[first]),
                "volatility": float(self.volatility.moves[second]) if self.options[n] else None,
            },
        }


def _with_options(book: Book) -> Bools:
    """Which accounts hold options, (a,)."""
    option = np.array([isinstance(item, Option) for item in book.instruments], dtype=bool)
    holders: Ints = book.position_account[option[book.position_instrument]]
    found = np.zeros(len(book.account_names), dtype=bool)
    found[holders] = True
    return found


def _with_crowd(case: Case) -> Book:
    if not case.crowds and AccountKind.CROWD not in case.book.account_kind:
        raise InputError(
            "the Case has no crowd", file="--crowd", expected="a crowd.toml, or no --crowd"
        )
    return populated(case)
