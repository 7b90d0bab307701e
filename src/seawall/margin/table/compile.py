"""Book + market + rulebooks -> margin table: who is margined together, at which price and rule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np

from seawall.book import Book
from seawall.foundation.errors import InputError
from seawall.margin.frameworks import FRAMEWORKS, framework_of
from seawall.margin.table.grouping import Grouping, group
from seawall.margin.table.listing import Listing
from seawall.margin.table.margin_table import MarginTable, OptionRows, Rows, Units
from seawall.margin.table.optionrows import compile_options
from seawall.margin.table.rows import compile_rows
from seawall.margin.tiered.lines import tier_lines
from seawall.market import Market
from seawall.venues import Rulebook, Tier

# Stands in where a book has no tiered position at all, so that the lines are never empty.
NO_TIERS = (Tier(0.0, 1.0, 0.0),)


def compile_table(
    book: Book, market: Market, rulebooks: Mapping[str, Rulebook], quote: str, as_of: datetime
) -> MarginTable:
    """Compile the accounts of desks and crowd into a margin table.

    Raises MissingRule when a rulebook lacks a number that a position needs, InputError when a
    venue's framework gives another maintenance margin than this table would.
    """
    for venue, rulebook in rulebooks.items():
        _refuse_other_frameworks(venue, rulebook)
    venues = tuple(rulebooks)
    venue_of = np.array([venues.index(name) for name in book.account_venue], dtype=np.int64)
    listing = Listing(book, market, tuple(rulebooks.values()), venues, venue_of)
    keeper = [rulebook.liquidation.style == "keeper" for rulebook in listing.rulebooks]
    lending = np.array(keeper, dtype=bool)[venue_of]
    spot = np.array([market.assets[name].spot for name in book.assets])
    groups = group(book, lending, book.assets.index(quote), spot)
    rows = compile_rows(listing, groups, as_of)
    options = compile_options(listing, groups, as_of)
    units = _units(listing, groups, rows, options)
    # Feeds are complete only now: rows, options and settlement assets have all asked for theirs.
    feeds = np.array(list(listing.feeds), dtype=np.int64).reshape(-1, 2)
    rules = [rulebook.option_margin for rulebook in listing.rulebooks]
    return MarginTable(
        venues=venues,
        assets=book.assets,
        contracts=tuple(listing.contracts),
        feed_venue=feeds[:, 0],
        feed_asset=feeds[:, 1],
        tiers=tier_lines(
            listing.tiers or [NO_TIERS],
            listing.tier_in_coin or [False],
            listing.tier_whole or [False],
        ),
        units=units,
        rows=rows,
        options=options,
        option_rules={v: rule for v, rule in enumerate(rules) if rule is not None},
        default_tier_instruments=tuple(listing.defaulted),
    )


def _refuse_other_frameworks(venue: str, rulebook: Rulebook) -> None:
    if not framework_of(rulebook).in_loop:
        known = ", ".join(name for name, entry in FRAMEWORKS.items() if entry.in_loop)
        raise InputError(
            f"venue {venue!r} margins by {rulebook.framework!r}, which the simulation does not run "
            "(`seawall margin` and `seawall whatif` answer for it)",
            expected=f"a rulebook whose framework is one of {known}",
        )


def _units(listing: Listing, groups: Grouping, rows: Rows, options: OptionRows) -> Units:
    """Units with their settlement feeds and the ranges of their rows and options."""
    assets = listing.book.assets
    venue = listing.venue_of[groups.account]
    pairs, where = np.unique(venue * len(assets) + groups.settle, return_inverse=True)
    feeds = [listing.feed(int(p // len(assets)), assets[p % len(assets)]) for p in pairs]
    starts = np.arange(groups.account.size + 1)
    return Units(
        account=groups.account,
        venue=venue,
        settle=np.array(feeds, dtype=np.int64)[where],
        cash=groups.cash,
        rows=np.searchsorted(rows.unit, starts),
        options=np.searchsorted(options.unit, starts),
        isolated=groups.isolated,
    )
