"""Rule numbers that differ by market: what is shared stands once, each market says what differs.

    [margin]                shared keys
    [margin.markets.SOL]    the same keys, where SOL's numbers are others

With a table of markets only those listed can be held; without one the shared keys serve all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from seawall.foundation.errors import MissingRule
from seawall.foundation.quantity import choices
from seawall.foundation.record import read_record
from seawall.foundation.section import Section
from seawall.margin.account.margin_account import MarginAccount
from seawall.margin.account.working import AccountMargin, Line
from seawall.margin.portfolio.overlaid import overlay

T = TypeVar("T")

# Tables of [margin] that are not the margin rule's own: the auction belongs to liquidation.
BESIDE = ("auction",)


@dataclass(frozen=True)
class Markets(Generic[T]):
    """A rule for each market: ``listed`` ones, or ``shared`` for all when none is listed."""

    venue: str
    shared: T | None
    listed: Mapping[str, T]

    def for_account(self, account: MarginAccount, underlying: str | None) -> T:
        """The rule of an account on one underlying; MissingRule when it is not listed.

        An account that holds coins alone may be on a coin without a market: then the first rule
        serves. On the venue the trader chooses which; with derivatives there is no choice.
        """
        market = self._stand_in(account, underlying)
        if market is None:
            return self.of(underlying or "an unknown underlying")
        return self.listed[market]

    def told(
        self, found: AccountMargin, account: MarginAccount, underlying: str | None
    ) -> AccountMargin:
        """``found`` with a line that names the market, where the first listed one served."""
        market = self._stand_in(account, underlying)
        if market is None:
            return found
        rule = "no derivatives and no market of its coins: the first that the rulebook lists"
        line = Line("market", market, "", rule)
        return replace(found, working=replace(found.working, parts=(*found.working.parts, line)))

    def _stand_in(self, account: MarginAccount, underlying: str | None) -> str | None:
        """The first listed market, for coins alone on a coin without a market; else None."""
        if account.perps.names or account.options.names or self.lists(underlying):
            return None
        return next(iter(self.listed))

    def lists(self, underlying: str | None) -> bool:
        """True when there is a rule for this underlying."""
        return self.shared is not None or underlying in self.listed

    def of(self, underlying: str) -> T:
        """The rule of one underlying; MissingRule when it is not listed."""
        if self.shared is not None:
            return self.shared
        if underlying not in self.listed:
            raise MissingRule(
                f"{self.venue} has no margin numbers for {underlying}; write what differs under "
                f"[margin.markets.{underlying}], or use {choices(underlying, self.listed)}."
            )
        return self.listed[underlying]


def read_markets(venue: str, table: Section, cls: type[T]) -> Markets[T]:
    """The rules in a [margin] table; raises InputError for what is missing, unknown or too large.

    ``venue`` is the rulebook's name, for refusals.
    """
    own = {key: value for key, value in table.values.items() if key not in (*BESIDE, "markets")}
    shared = Section(own, table.file, table.path, table.text)
    below = table.section("markets")
    if not below.values:
        return Markets(venue, read_record(shared, cls), {})
    return Markets(
        venue,
        None,
        {name: read_record(overlay(below.section(name), shared), cls) for name in below.values},
    )
