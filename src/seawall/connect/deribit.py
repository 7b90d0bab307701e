"""An options desk on Deribit whose market is a real chain and whose book is invented.

From the chain: forward and mark volatility of each instrument, index as spot, open interest, and
from its history up to that moment the realised volatility, the correlation of BTC and ETH, the
slope of implied volatility in the index, the spread in volatility and the day's traded notional.
Invented: the book (`BOOK`). Assumed: depth, jumps and the liquidation numbers that the preset could
not source (constants below and seawall.connect.assumed, repeated in docs/real-input.md). No crowd
is generated: the chain says nothing about other accounts. Wrong where portfolio margin applies,
which is not modelled.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seawall.book import AccountKind, Book
from seawall.case import Case, Limit
from seawall.connect.assumed import SCENARIO, assumed_depth
from seawall.connect.deribit_chain import (
    CHAIN,
    History,
    history,
    read_chain,
    snapshot_at,
)
from seawall.connect.source import data_folder, digest, system_accounts
from seawall.foundation.errors import InputError, SeawallError
from seawall.foundation.units import SECONDS_PER_DAY, SECONDS_PER_YEAR
from seawall.instruments import Future, Instrument, Option
from seawall.market import AssetState, InstrumentState, Market
from seawall.valuation.black import greeks
from seawall.venues import Rulebook
from seawall.venues.preset import rulebook_from

if TYPE_CHECKING:
    import polars as pl

VENUE = "deribit"
QUOTE = "USD"
OWNER = "options"


@dataclass(frozen=True)
class Desk:
    """The invented book in one currency: short strangle, long wing below, coins as collateral.

    strangle, wing  base units sold, bought     collateral  coins in the margin account
    """

    strangle: float
    wing: float
    collateral: float


BOOK = {"BTC": Desk(100.0, 60.0, 20.0), "ETH": Desk(200.0, 120.0, 46.0)}
# Strikes: within these multiples of the forward, the one with the most open interest. Expiry: the
# nearest to 30 days of those with a listed future.
SHORT_PUT, SHORT_CALL, LONG_PUT = (0.86, 0.97), (1.04, 1.25), (0.60, 0.86)
TARGET_DAYS = 30.0
FEWEST_DAYS = 10.0

# ASSUMED: what the preset lists as unsourced.
TAKER_FEE = 0.0005
LIQUIDATION = {
    "partial_fraction": 0.25,
    "partial_above": 0.0,
    "cooldown_seconds": 60.0,
    "fee": 0.0019,
    "fee_to": "fund",
}
WATERFALL = {"layers": ["fund", "socialised"], "fund": 50e6}


@dataclass(frozen=True)
class Leg:
    """One position of the book with what the chain says of its instrument."""

    account: int
    instrument: Instrument
    size: float
    entry: float
    state: InstrumentState


def case_from_chain(file: Path, *, at: datetime | None = None) -> Case:
    """The invented desk on the chain of ``file``, at the last snapshot not after ``at`` (UTC).

    ``at`` None takes the last snapshot. Options enter at their mark, so the desk starts with the
    premium's value in its positions and none of it as profit; the dated future flattens the
    options' delta. Raises InputError when the file is not a chain, has fewer than 20 snapshots up
    to then, or lists nothing suitable.
    """
    chain = read_chain(file)
    snapshot = snapshot_at(chain, at)
    as_of: datetime = snapshot["timestamp"][0]
    as_of = as_of.astimezone(UTC)
    past = {currency: history(chain, currency, as_of) for currency in BOOK}
    spots = {currency: spot_of(snapshot, currency) for currency in BOOK}
    legs = [
        leg
        for account, (currency, desk) in enumerate(BOOK.items())
        for leg in _legs(snapshot, currency, desk, account, spots[currency])
    ]
    return Case(
        name=f"Deribit options desk, invented book, chain of {as_of:%Y-%m-%d}",
        as_of=as_of,
        quote=QUOTE,
        step_seconds=300.0,
        book=book_from(legs, {c: desk.collateral for c, desk in BOOK.items()}),
        market=market_from(legs, spots, past, as_of),
        rulebooks={VENUE: rulebook(as_of.date())},
        limits=limits(),
        crowds=(),
        digest=digest(file),
    )


def rulebook(as_of: date) -> Rulebook:
    """The Deribit preset with the assumed numbers that it could not source."""
    return rulebook_from(
        {
            "preset": VENUE,
            "source": "liquidation steps, fees, layers and fund are assumptions",
            "as_of": as_of,
            "taker_fee": TAKER_FEE,
            "liquidation": LIQUIDATION,
            "waterfall": WATERFALL,
        },
        file=f"rulebooks/{VENUE}.toml",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what the chain says; with a folder, also write the Case there."""
    parser = argparse.ArgumentParser(
        prog="python -m seawall.connect.deribit",
        description="Make a Case of an options desk from a real Deribit chain.",
    )
    parser.add_argument("folder", nargs="?", type=Path, help="where to write the Case")
    parser.add_argument(
        "--at", type=_utc, help="UTC time such as 2026-01-20T16:00; default: the last snapshot"
    )
    parser.add_argument(
        "--legs", type=int, help="a book of so many options instead of the desk of eight legs"
    )
    given = parser.parse_args(arguments)
    try:
        file = data_folder() / CHAIN
        if given.legs is None:
            case = case_from_chain(file, at=given.at)
            print(summary(case))
        else:
            from seawall.connect.deribit_book import book_on_chain, book_summary

            case = book_on_chain(file, given.legs, at=given.at)
            print(book_summary(case))
        if given.folder is not None:
            from seawall.casefile import save_case

            save_case(case, given.folder)
            print(f"wrote {case.name} to {given.folder}")
    except SeawallError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def summary(case: Case) -> str:
    """The Case in a few lines: assets with what was fitted, then the legs."""
    lines = [f"{case.name}, {case.as_of:%H:%M} UTC"]
    for name in BOOK:
        state = case.market.assets[name]
        lines.append(
            f"  {name}: index {state.spot:,.2f}, volatility {state.volatility:.1%} "
            f"(error {state.volatility_error:.1%}), implied slope {state.implied_slope:+.3f}, "
            f"half spread {state.implied_half_spread:.2%}"
        )
    for size, i in zip(case.book.size, case.book.position_instrument, strict=True):
        lines.append(f"  {size:>+14,.0f}  {case.book.instruments[int(i)].name}")
    return "\n".join(lines)


def _utc(text: str) -> datetime:
    """A command-line time, UTC unless it says otherwise."""
    time = datetime.fromisoformat(text)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def spot_of(snapshot: pl.DataFrame, currency: str) -> float:
    """Median index over the rows of a snapshot, which are seconds apart."""
    rows = snapshot.filter(snapshot["currency"] == currency)
    if rows.is_empty():
        raise InputError(f"the snapshot has no {currency} options", expected=f"rows of {currency}")
    return float(np.median(rows["index_price"].to_numpy()))


def _legs(
    snapshot: pl.DataFrame, currency: str, desk: Desk, account: int, spot: float
) -> list[Leg]:
    """Strangle, wing and hedge in one currency."""
    rows = snapshot.filter(snapshot["currency"] == currency)
    # Synthetic forwards ("SYN.") belong to expiries without a listed future to hedge with.
    rows = rows.filter(~rows["futures_instrument_name"].str.starts_with("SYN."))
    days = (rows["expiry_datetime"] - rows["timestamp"]).dt.total_seconds() / SECONDS_PER_DAY
    rows = rows.with_columns(days.alias("days")).filter(days >= FEWEST_DAYS)
    if rows.is_empty():
        raise InputError(
            f"no {currency} expiry with a listed future is {FEWEST_DAYS:g} days away or more",
            expected="a snapshot with such an expiry",
        )
    chosen = rows["expiry_datetime"][int((rows["days"] - TARGET_DAYS).abs().arg_min() or 0)]
    rows = rows.filter(rows["expiry_datetime"] == chosen)
    forward = float(np.median(rows["futures_price"].to_numpy()))
    legs = [
        _option(rows, account, spot, forward, kind, band, size)
        for kind, band, size in (
            ("put", SHORT_PUT, -desk.strangle),
            ("call", SHORT_CALL, -desk.strangle),
            ("put", LONG_PUT, desk.wing),
        )
    ]
    years = float(rows["days"][0]) * SECONDS_PER_DAY / SECONDS_PER_YEAR
    delta = sum(leg.size * _delta(leg, forward, years) for leg in legs)
    future = Future(rows["futures_instrument_name"][0], currency, currency, chosen.astimezone(UTC))
    # An inverse future of n quote contracts entered at F has a delta of n / F coins; lots of 10.
    contracts = -10.0 * round(delta * forward / 10.0)
    return [*legs, Leg(account, future, contracts, forward, InstrumentState(mark=forward))]


def _option(
    rows: pl.DataFrame,
    account: int,
    spot: float,
    forward: float,
    kind: str,
    band: tuple[float, float],
    size: float,
) -> Leg:
    """The listed option of ``kind`` with the most open interest, strike in band x forward."""
    low, high = band
    listed = (rows["strike"] / forward).is_between(low, high, closed="left")
    side = rows.filter((rows["option_type"] == kind) & listed)
    if side.is_empty():
        raise InputError(
            f"the chosen expiry lists no {kind} in reach of its strike",
            column="strike",
            expected=f"one from {low:.0%} to {high:.0%} of the forward",
        )
    row = side.row(int(side["open_interest"].arg_max() or 0), named=True)
    return Leg(
        account=account,
        instrument=Option(
            name=row["instrument_name"],
            underlying=row["currency"],
            settle=row["currency"],
            expiry=row["expiry_datetime"].astimezone(UTC),
            strike=row["strike"],
            call=kind == "call",
        ),
        size=size,
        entry=row["mark_price"] * spot,
        state=InstrumentState(
            mark=forward,
            open_interest=row["open_interest"],
            implied_volatility=row["implied_volatility"],
        ),
    )


def _delta(leg: Leg, forward: float, years: float) -> float:
    """Dollar delta of one unit of an option leg, base units."""
    option = leg.instrument
    assert isinstance(option, Option)
    volatility = leg.state.implied_volatility or 0.0
    return float(greeks(forward, option.strike, years, volatility, option.call).delta)


def book_from(legs: Sequence[Leg], collateral: Mapping[str, float]) -> Book:
    """One margin account per currency (the venue keeps them apart) and the venue's own."""
    system = system_accounts(VENUE)
    n, desks = len(legs), len(BOOK)
    assets = (QUOTE, *BOOK)
    return Book(
        account_names=(*(f"{OWNER}/{c}" for c in BOOK), *(name for name, _ in system)),
        account_venue=(VENUE,) * (desks + len(system)),
        account_owner=(OWNER,) * desks + (VENUE,) * len(system),
        account_kind=(AccountKind.DESK,) * desks + tuple(kind for _, kind in system),
        instruments=tuple(leg.instrument for leg in legs),
        assets=assets,
        position_account=np.array([leg.account for leg in legs], dtype=np.int64),
        position_instrument=np.arange(n, dtype=np.int64),
        size=np.array([leg.size for leg in legs]),
        entry=np.array([leg.entry for leg in legs]),
        isolated=np.zeros(n, dtype=bool),
        isolated_margin=np.zeros(n),
        balance_account=np.arange(desks, dtype=np.int64),
        balance_asset=np.array([assets.index(c) for c in BOOK], dtype=np.int64),
        quantity=np.array([collateral[c] for c in BOOK]),
    )


def market_from(
    legs: Sequence[Leg],
    spots: dict[str, float],
    past: dict[str, History],
    as_of: datetime,
) -> Market:
    """The snapshot's prices with what its history says."""
    assets = {QUOTE: AssetState(1.0, 1.0, 1.0, volatility=0.0, depth=1e12, daily_volume=1e12)}
    for currency, spot in spots.items():
        known = past[currency]
        assets[currency] = AssetState(
            spot=spot,
            index=spot,
            oracle=spot,
            volatility=known.volatility,
            depth=assumed_depth(known.daily_volume, known.volatility),
            daily_volume=known.daily_volume,
            volatility_error=known.volatility_error,
            implied_slope=known.implied_slope,
            implied_half_spread=known.half_spread,
        )
    btc, eth = past["BTC"].log_returns, past["ETH"].log_returns
    if btc.size != eth.size:
        raise InputError("BTC and ETH have different snapshots", expected="both in every snapshot")
    together = float(np.corrcoef(btc, eth)[0, 1])
    return Market(
        as_of=as_of,
        assets=assets,
        instruments={leg.instrument.name: leg.state for leg in legs},
        # No crowd, so nothing feeds back: the paths are of the observed kind.
        scenario=replace(SCENARIO, label="total", branching_ratio=0.0, branching_error=0.0),
        correlation={("BTC", "ETH"): together},
        jump_beta=dict.fromkeys(BOOK, 1.0),
    )


def limits() -> tuple[Limit, ...]:
    """Limits to have a verdict against; as invented as the book."""
    day = SECONDS_PER_DAY
    return (
        Limit("DRE 24 h of the desk", "dre", f"desk:{OWNER}", 0.02, day),
        Limit("largest share of open interest", "open_interest_share", f"desk:{OWNER}", 0.25),
    )


if __name__ == "__main__":
    sys.exit(main())
