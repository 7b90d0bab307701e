"""An options book of hundreds of legs on a real Deribit chain: real instruments, invented holdings.

Chosen without chance, so that the same chain gives the same book. In each currency half of the
legs: of each expiry in turn the listed option with the most open interest that is not yet taken.
Within an expiry, calls and puts each, every second strike is held short, so the book is made of
spreads with few naked wings, as a market maker's is. Size: a share of the option's open interest,
in whole lots. Collateral in coin, so much that the account stands at a stated multiple of what
Deribit's standard rule asks. Everything about the market is as in `seawall.connect.deribit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seawall.case import Case
from seawall.connect.deribit import (
    BOOK,
    QUOTE,
    VENUE,
    Leg,
    book_from,
    limits,
    market_from,
    rulebook,
    spot_of,
)
from seawall.connect.deribit_chain import history, read_chain, snapshot_at
from seawall.connect.source import digest
from seawall.foundation.errors import InputError
from seawall.foundation.units import SECONDS_PER_DAY
from seawall.instruments import Option
from seawall.market import InstrumentState

if TYPE_CHECKING:
    import polars as pl

# INVENTED: the share of an option's open interest held, and the largest position in coins.
SHARE = 0.05
LARGEST = {"BTC": 50.0, "ETH": 500.0}
LOT = {"BTC": 0.1, "ETH": 1.0}
# INVENTED: equity over maintenance margin at the start, by Deribit's standard rule.
COVER = 1.5
FEWEST_DAYS = 2.0
MOST_LEGS = 2000


def book_on_chain(file: Path, legs: int, *, at: datetime | None = None) -> Case:
    """A book of ``legs`` options on the last snapshot of ``file`` not after ``at`` (UTC).

    Half BTC, half ETH (BTC has the odd one). Raises InputError for fewer than 2 or more than 2000
    legs, and where the snapshot lists fewer options that could be held.
    """
    if isinstance(legs, bool) or not 2 <= legs <= MOST_LEGS:
        raise InputError(
            f"{legs} legs were asked for",
            file="--legs",
            expected=f"a whole number from 2 to {MOST_LEGS}",
        )
    chain = read_chain(file)
    snapshot = snapshot_at(chain, at)
    as_of: datetime = snapshot["timestamp"][0]
    as_of = as_of.astimezone(UTC)
    spots = {currency: spot_of(snapshot, currency) for currency in BOOK}
    past = {currency: history(chain, currency, as_of) for currency in BOOK}
    share = {currency: legs // len(BOOK) for currency in BOOK}
    share[next(iter(BOOK))] += legs % len(BOOK)
    chosen = [
        leg
        for account, currency in enumerate(BOOK)
        for leg in _legs(snapshot, currency, share[currency], account, spots[currency])
    ]
    case = Case(
        name=f"Deribit options book of {legs} legs, invented holdings, chain of {as_of:%Y-%m-%d}",
        as_of=as_of,
        quote=QUOTE,
        step_seconds=300.0,
        book=book_from(chosen, dict.fromkeys(BOOK, 0.0)),
        market=market_from(chosen, spots, past, as_of),
        rulebooks={VENUE: rulebook(as_of.date())},
        limits=limits(),
        crowds=(),
        digest=digest(file),
    )
    coins = _collateral(case)
    return replace(case, book=book_from(chosen, coins))


def book_summary(case: Case) -> str:
    """The book in a few lines: legs by currency, long and short, expiries, notional, collateral."""
    book = case.book
    lines = [f"{case.name}, {case.as_of:%H:%M} UTC"]
    for account, currency in enumerate(BOOK):
        mine = book.position_account == account
        options = [book.instruments[i] for i in book.position_instrument[mine]]
        expiries = {o.expiry for o in options if isinstance(o, Option)}
        size = book.size[mine]
        spot = case.market.assets[currency].spot
        lines.append(
            f"  {currency}: {size.size} options, {int((size > 0).sum())} long and "
            f"{int((size < 0).sum())} short, {len(expiries)} expiries, "
            f"{np.abs(size).sum() * spot / 1e6:,.0f}M notional, "
            f"collateral {book.quantity[account]:,.1f} {currency}"
        )
    return "\n".join(lines)


def _legs(
    snapshot: pl.DataFrame, currency: str, count: int, account: int, spot: float
) -> list[Leg]:
    """``count`` legs in one currency: most open interest first, one expiry after the other."""
    import polars as pl

    rows = snapshot.filter(pl.col("currency") == currency)
    days = (rows["expiry_datetime"] - rows["timestamp"]).dt.total_seconds() / SECONDS_PER_DAY
    rows = rows.filter((days >= FEWEST_DAYS) & (rows["implied_volatility"] > 0.0))
    rows = rows.filter(pl.col("open_interest") * SHARE >= LOT[currency])
    if rows.height < count:
        raise InputError(
            f"the snapshot lists {rows.height} {currency} options with open interest enough",
            file="--legs",
            expected=f"at most {2 * rows.height} legs on this snapshot",
        )
    # One forward for each expiry: the rows of a snapshot are seconds apart.
    forward = pl.col("futures_price").median().over("expiry_datetime")
    rows = rows.with_columns(forward.alias("forward"))
    # The turn of an option: its rank by open interest within its expiry.
    ranked = rows.sort(
        "expiry_datetime", "open_interest", "instrument_name", descending=[False, True, False]
    ).with_columns(pl.int_range(pl.len()).over("expiry_datetime").alias("turn"))
    taken = ranked.sort("turn", "expiry_datetime").head(count)
    # Every second strike short; puts start the other way round, which keeps the wings covered.
    taken = taken.sort("expiry_datetime", "option_type", "strike").with_columns(
        pl.int_range(pl.len()).over("expiry_datetime", "option_type").alias("place")
    )
    return [_leg(row, account, spot) for row in taken.iter_rows(named=True)]


def _leg(row: Mapping[str, object], account: int, spot: float) -> Leg:
    """One option with its size and what the chain says of it; entered at the venue's mark."""
    currency, kind = str(row["currency"]), str(row["option_type"])
    interest = _float(row["open_interest"])
    lots = np.floor(min(SHARE * interest, LARGEST[currency]) / LOT[currency])
    short = (int(_float(row["place"])) % 2 == 0) == (kind == "call")
    expiry = row["expiry_datetime"]
    assert isinstance(expiry, datetime)
    return Leg(
        account=account,
        instrument=Option(
            name=str(row["instrument_name"]),
            underlying=currency,
            settle=currency,
            expiry=expiry.astimezone(UTC),
            strike=_float(row["strike"]),
            call=kind == "call",
        ),
        size=float(-lots if short else lots) * LOT[currency],
        entry=_float(row["mark_price"]) * spot,
        state=InstrumentState(
            mark=_float(row["forward"]),
            open_interest=interest,
            implied_volatility=_float(row["implied_volatility"]),
        ),
    )


def _float(value: object) -> float:
    assert isinstance(value, float | int)
    return float(value)


def _collateral(case: Case) -> dict[str, float]:
    """Coins with which each account's equity is COVER x its maintenance, to whole coins."""
    from seawall.margin.table.assess import requirement
    from seawall.margin.table.compile import compile_table

    table = compile_table(case.book, case.market, case.rulebooks, case.quote, case.as_of)
    spot = np.array([case.market.assets[name].spot for name in table.assets])
    found = requirement(table, spot[table.feed_asset])
    needed = COVER * found.maintenance - found.equity
    coins = {}
    for account, currency in enumerate(BOOK):
        mine = float(needed[table.units.account == account].sum())
        coins[currency] = float(max(np.ceil(mine / case.market.assets[currency].spot), 1.0))
    return coins
