"""What a margin table is compiled from, and the numbers handed out meanwhile to feeds and tiers."""

from __future__ import annotations

from dataclasses import dataclass, field

from seawall.book import Book
from seawall.book.book import Ints
from seawall.foundation.errors import MissingRule
from seawall.foundation.pricekind import PriceKind
from seawall.instruments import Future, Instrument, Perpetual
from seawall.margin.tiered.lines import tiers_in_coin
from seawall.market import Market
from seawall.venues import Rulebook, Tier
from seawall.venues.rulebook import WHOLE


@dataclass
class Listing:
    """Book, market and rulebooks, with indexes of feeds, contracts and tiers in order of first use.

    rulebooks by venue index; venue_of (a,) venue index of each account
    """

    book: Book
    market: Market
    rulebooks: tuple[Rulebook, ...]
    venues: tuple[str, ...]
    venue_of: Ints
    feeds: dict[tuple[int, int], int] = field(default_factory=dict)
    contracts: dict[tuple[int, str], int] = field(default_factory=dict)
    tiers: list[tuple[Tier, ...]] = field(default_factory=list)
    tier_in_coin: list[bool] = field(default_factory=list)
    tier_whole: list[bool] = field(default_factory=list)
    tier_index: dict[tuple[int, str, bool], int] = field(default_factory=dict)
    defaulted: list[str] = field(default_factory=list)

    def feed(self, venue: int, asset: str) -> int:
        """Number of the feed on which a venue sees an asset's price."""
        return self.feeds.setdefault((venue, self.book.assets.index(asset)), len(self.feeds))

    def contract(self, venue: int, name: str) -> int:
        """Number of what nets against the order book: an instrument or asset of one venue."""
        return self.contracts.setdefault((venue, name), len(self.contracts))

    def tier(self, venue: int, instrument: Instrument) -> int:
        """Number of the tier table of an instrument; instruments of one underlying share one."""
        rulebook = self.rulebooks[venue]
        in_coin = has_coin_tiers(rulebook, instrument)
        key = (venue, instrument.underlying, in_coin)
        if key not in self.tier_index:
            self.tier_index[key] = len(self.tiers)
            self.tiers.append(tiers_of(rulebook, instrument))
            self.tier_in_coin.append(in_coin)
            self.tier_whole.append(rulebook.tier_form == WHOLE)
            if in_coin:
                return self.tier_index[key]
            if rulebook.option_margin is None and instrument.underlying not in rulebook.tiers:
                self.defaulted.append(f"{self.venues[venue]}:{instrument.name}")
        return self.tier_index[key]


def tiers_of(rulebook: Rulebook, instrument: Instrument) -> tuple[Tier, ...]:
    """Tiers of a perpetual or future; MissingRule where the rulebook has neither own nor default.

    An options venue margins its perpetuals by one flat tier and a slope in size (OptionMargin).
    """
    if rulebook.option_margin is not None:
        rule = rulebook.option_margin.perp(instrument.underlying)
        return (Tier(0.0, 1.0 / rule.initial, rule.maintenance),)
    if has_coin_tiers(rulebook, instrument):
        return rulebook.coin_tiers[instrument.underlying]
    tiers = rulebook.tiers.get(instrument.underlying, rulebook.default_tiers)
    if not tiers:
        raise MissingRule(
            f"rulebook {rulebook.name!r} has no margin tiers for {instrument.underlying!r} "
            f"(instrument {instrument.name!r}): add [[tiers.{instrument.underlying}]] or "
            "default_tiers."
        )
    return tiers


def has_coin_tiers(rulebook: Rulebook, instrument: Instrument) -> bool:
    """True where the instrument is inverse and the venue's tiers for it are bounded in coin."""
    inverse = isinstance(instrument, Perpetual | Future) and instrument.inverse
    return inverse and tiers_in_coin(rulebook, instrument.underlying, instrument.name)


def margin_price_ratio(market: Market, rulebook: Rulebook, instrument: Instrument) -> float:
    """Price that governs margin divided by spot, by the rulebook's price kind (constant basis)."""
    asset = market.assets[instrument.underlying]
    if rulebook.margin_price is PriceKind.MARK:
        state = market.instruments.get(instrument.name)
        mark = state.mark if state is not None else None
        return 1.0 if mark is None else mark / asset.spot
    if rulebook.margin_price is PriceKind.INDEX:
        return asset.index / asset.spot
    if rulebook.margin_price is PriceKind.ORACLE:
        return asset.oracle / asset.spot
    return 1.0
