"""What shares claim, from the tables [shares.NAME] of market.toml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import (
    ANNUAL_RATE,
    POSITIVE_FRACTION,
    PRICE,
    Quantity,
    choices,
)
from seawall.foundation.section import Section
from seawall.instruments import (
    Instrument,
    LiquidityShare,
    PoolShare,
    Share,
    Staked,
    VaultShare,
)
from seawall.market import (
    AssetState,
    LiquidityState,
    Market,
    PoolMarket,
    PoolState,
    ShareState,
    StakedState,
    VaultState,
)
from seawall.valuation.shares import claims

EXCHANGE_RATE = Quantity("units of the underlying for one token, above 0", 0.0, 1e12, True)
RESERVE = Quantity("a quantity above 0 in units of the asset", 0.0, 1e24, True)
SUPPLY = Quantity("the number of shares there are, above 0", 0.0, 1e30, True)
HOLDING = Quantity("a quantity in units of the asset, debt below 0", -1e24, 1e24)
SIDE = Quantity("open interest of 0 or more in base units", 0.0, 1e24)
# A share that trades this far from its contents is another thing in the wrong place: a unit.
FARTHEST_FROM_CONTENTS = 10.0
SIDES = ("long", "short")


def read_shares(
    section: Section, instruments: Iterable[Instrument], assets: Mapping[str, AssetState]
) -> dict[str, ShareState]:
    """The state of every share of the instruments table, in the table's order.

    Raises InputError for a share without a table, a table without a share, an unknown asset or key
    and a number out of bounds.
    """
    shares = {item.name: item for item in instruments if isinstance(item, Share)}
    for name in section.values:
        if name not in shares:
            raise section.refuse(
                name, "is not a share of the instruments table", choices(name, shares)
            )
    found: dict[str, ShareState] = {}
    for name, item in shares.items():
        if not section.has(name):
            raise section.refuse(name, "is missing", f"a table [shares.{name}]: what one claims")
        found[name] = _state(item, section.section(name), assets)
    return found


def check_shares(top: Section, market: Market, instruments: Iterable[Instrument]) -> None:
    """Refuse shares whose contents make no sense at the market's prices.

    They lead back to the share, are worth nothing, or are ten times off the share's own spot.
    """
    if not market.shares:
        return
    try:
        known = claims(market, instruments)
    except InputError as error:
        raise InputError(str(error).rstrip("."), file=top.file) from None
    for name in market.shares:
        claim = known[name]
        worth = claim.price / claim.ratio
        if not 1.0 / FARTHEST_FROM_CONTENTS <= claim.ratio <= FARTHEST_FROM_CONTENTS:
            raise (
                top.section("assets")
                .section(name)
                .refuse(
                    "spot",
                    f"is {claim.price:g} where its contents are worth {worth:g}",
                    "the price of one share; look for a wrong unit in one of the two",
                )
            )


def _state(item: Share, entry: Section, assets: Mapping[str, AssetState]) -> ShareState:
    if isinstance(item, Staked):
        entry.only("exchange_rate", "yield_rate")
        return StakedState(
            exchange_rate=entry.number("exchange_rate", EXCHANGE_RATE),
            yield_rate=entry.number("yield_rate", ANNUAL_RATE, 0.0),
        )
    if isinstance(item, LiquidityShare):
        entry.only("reserves", "supply")
        reserves = _quantities(entry, "reserves", RESERVE, assets)
        if len(reserves) != 2:
            raise entry.refuse("reserves", f"names {len(reserves)} assets", "two of them")
        return LiquidityState(reserves, entry.number("supply", SUPPLY))
    if isinstance(item, VaultShare):
        entry.only("holdings", "supply")
        holdings = _quantities(entry, "holdings", HOLDING, assets)
        return VaultState(holdings, entry.number("supply", SUPPLY))
    assert isinstance(item, PoolShare)
    entry.only("backing", "supply", "markets")
    backing = _quantities(entry, "backing", HOLDING, assets)
    markets = entry.section("markets")
    _check_assets(markets, assets)
    return PoolState(
        backing,
        entry.number("supply", SUPPLY),
        {name: _pool_market(markets.section(name), backing) for name in markets.values},
    )


def _quantities(
    entry: Section, key: str, quantity: Quantity, assets: Mapping[str, AssetState]
) -> dict[str, float]:
    """A table of asset = quantity that names known assets, at least one."""
    if not entry.has(key):
        raise entry.refuse(key, "is missing", "a table of asset = quantity")
    table = entry.section(key)
    _check_assets(table, assets)
    if not table.values:
        raise entry.refuse(key, "is empty", "at least one asset = quantity")
    return table.numbers(quantity)


def _check_assets(table: Section, assets: Mapping[str, AssetState]) -> None:
    for name in table.values:
        if name not in assets:
            raise table.refuse(name, "is not an asset of market.toml", choices(name, assets))


def _pool_market(entry: Section, backing: Mapping[str, float]) -> PoolMarket:
    entry.only(*(f"{side}_{key}" for side in SIDES for key in ("size", "entry", "cap", "backing")))
    for side in SIDES:
        cap, paid_in = f"{side}_cap", f"{side}_backing"
        if entry.has(cap) != entry.has(paid_in):
            given, lacking = (cap, paid_in) if entry.has(cap) else (paid_in, cap)
            raise entry.refuse(given, f"is given without {lacking}", "both of them or none")
        if entry.has(paid_in):
            name = entry.name(paid_in)
            if name not in backing or backing[name] <= 0.0:
                raise entry.refuse(
                    paid_in, f"is {name!r}, which the pool does not own", choices(name, backing)
                )
    return PoolMarket(
        long_size=entry.number("long_size", SIDE, 0.0),
        long_entry=_entry_price(entry, "long"),
        short_size=entry.number("short_size", SIDE, 0.0),
        short_entry=_entry_price(entry, "short"),
        long_cap=entry.optional_number("long_cap", POSITIVE_FRACTION),
        long_backing=entry.name("long_backing") if entry.has("long_backing") else None,
        short_cap=entry.optional_number("short_cap", POSITIVE_FRACTION),
        short_backing=entry.name("short_backing") if entry.has("short_backing") else None,
    )


def _entry_price(entry: Section, side: str) -> float:
    """Average entry of a side; a side that is empty needs none, and any price serves it."""
    empty = entry.number(f"{side}_size", SIDE, 0.0) == 0.0
    return entry.number(f"{side}_entry", PRICE, 1.0 if empty else None)
