"""Option rows of the margin table: contract facts, forward and implied volatility."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from seawall.foundation.errors import InputError, MissingRule
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.instruments import Option
from seawall.margin.table.grouping import Grouping
from seawall.margin.table.listing import Listing
from seawall.margin.table.margin_table import OptionRows


def compile_options(listing: Listing, groups: Grouping, as_of: datetime) -> OptionRows:
    """Option rows, sorted by unit.

    Raises MissingRule where the venue has no option margin or the market no implied volatility.
    """
    book = listing.book
    order = np.argsort(groups.options_unit, kind="stable")
    positions = groups.options[order]
    facts = [_facts(listing, int(n), as_of) for n in positions]
    table = np.array(facts, dtype=float).reshape(-1, 12).T
    feed, asset, contract, venue = (table[k].astype(np.int64) for k in (0, 1, 2, 11))
    return OptionRows(
        unit=groups.options_unit[order].astype(np.int64),
        feed=feed,
        asset=asset,
        contract=contract,
        size=book.size[positions],
        forward_ratio=table[3],
        strike=table[4],
        call=table[5] > 0,
        inverse=table[6] > 0,
        years=table[7],
        volatility=table[8],
        slope=table[9],
        half_spread=table[10],
        position=positions,
        entry=book.entry[positions],
        venue=venue,
    )


def _facts(listing: Listing, position: int, as_of: datetime) -> tuple[float, ...]:
    """One option position as numbers, in the order that compile_options reads them."""
    book, market = listing.book, listing.market
    account = book.position_account[position]
    instrument = book.instruments[book.position_instrument[position]]
    assert isinstance(instrument, Option)
    venue = int(listing.venue_of[account])
    if listing.rulebooks[venue].option_margin is None:
        raise MissingRule(
            f"rulebook {listing.venues[venue]!r} has no [option_margin], but account "
            f"{book.account_names[account]!r} holds {instrument.name!r}."
        )
    state = market.instruments.get(instrument.name)
    if state is None or state.implied_volatility is None:
        raise MissingRule(f"market.toml gives no implied_volatility for {instrument.name!r}.")
    if state.rate != 0.0:
        raise InputError(
            f"option {instrument.name!r} is discounted at {state.rate:g} a year, which the cascade "
            "does not do yet",
            file="market.toml",
            column="rate",
            expected="no rate, or 0; `seawall greeks` and `seawall margin` discount",
        )
    if instrument.expiry <= as_of:
        raise InputError(
            f"option {instrument.name!r} expired at {instrument.expiry:%Y-%m-%dT%H:%M:%SZ}",
            expected=f"an expiry after {as_of:%Y-%m-%dT%H:%M:%SZ}, the time of the Case",
        )
    asset = market.assets[instrument.underlying]
    forward = state.mark if state.mark is not None else asset.spot
    return (
        listing.feed(venue, instrument.underlying),
        book.assets.index(instrument.underlying),
        listing.contract(venue, instrument.name),
        forward / asset.spot,
        instrument.strike,
        instrument.call,
        instrument.inverse,
        (instrument.expiry - as_of).total_seconds() / SECONDS_PER_YEAR,
        state.implied_volatility,
        asset.implied_slope if state.implied_slope is None else state.implied_slope,
        asset.implied_half_spread,
        venue,
    )
