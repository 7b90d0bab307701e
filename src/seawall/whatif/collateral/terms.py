"""What collateral costs, and what may be done with it: the desk's own terms, or stated defaults.

All defaults are Seawall's own opinion (A15), none is a venue's number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import (
    AMOUNT,
    ANNUAL_RATE,
    FRACTION,
    POSITIVE_FRACTION,
    Quantity,
)
from seawall.foundation.record import number, read_record
from seawall.foundation.section import parse_toml
from seawall.valuation.portfolio_greeks import STABLE_VOLATILITY
from seawall.whatif.edit import nearest

FINANCING = 0.07
DEPEG_PROBABILITY = 0.02
DEPEG_SIZE = 0.10
DAYS = Quantity("a number of days above 0, to 3650", 0.0, 3650.0, True)
UNITS = Quantity("an amount of 0 or more in units of the asset", 0.0, 1e24)


@dataclass(frozen=True)
class AssetTerms:
    """One asset.

    financing          annual cost of what is posted, a fraction of its value
    conversion         cost of buying or selling it, a fraction
    depeg_probability  chance a year that its peg breaks; depeg_size what is then lost, a fraction
                       (None: 2% and 10% for a stable asset beside the quote currency, else 0)
    cap                largest amount posted at one account, quote; None: none
    share              largest share of one account's collateral
    wallet             units held outside the accounts of the Case
    converts           may be bought and sold for the quote currency; None: stable assets may
    """

    financing: float = number(ANNUAL_RATE, FINANCING)
    conversion: float = number(FRACTION, 0.0005)
    depeg_probability: float | None = number(FRACTION, None)
    depeg_size: float | None = number(FRACTION, None)
    cap: float | None = number(AMOUNT, None)
    share: float = number(POSITIVE_FRACTION, 1.0)
    wallet: float = number(UNITS, 0.0)
    converts: bool | None = None


@dataclass(frozen=True)
class Terms:
    """days the mix is held; premium of new money over own, annual; buffer on each requirement."""

    days: float = number(DAYS, 30.0)
    premium: float = number(ANNUAL_RATE, 0.03)
    buffer: float = number(FRACTION, 0.0)
    assets: Mapping[str, AssetTerms] = field(default_factory=dict)

    def of(self, asset: str) -> AssetTerms:
        """The asset's terms, the defaults where none are stated."""
        return self.assets.get(asset, AssetTerms())


def read_terms(data: bytes, file: str) -> Terms:
    """Terms from the bytes of a TOML file; InputError naming file, line and key."""
    return read_record(parse_toml(data, file), Terms)


def check_terms(terms: Terms, case: Case) -> None:
    """Refuse terms of assets that the Case does not have, and a negative financing or premium."""
    known = list(case.market.assets)
    for name, asset in terms.assets.items():
        if name not in known:
            raise InputError(
                f"there is no asset {name!r}", file="--terms", expected=nearest(name, known)
            )
        if asset.financing < 0.0:
            raise InputError(
                f"financing of {name} is {asset.financing:g}",
                file="--terms",
                expected="0 or more: what posting it costs over keeping it",
            )
    if terms.premium < 0.0:
        raise InputError(f"premium {terms.premium:g}", file="--terms", expected="0 or more")


def stable(case: Case, asset: str) -> bool:
    """True for an asset that is meant to hold its price."""
    return case.market.assets[asset].volatility <= STABLE_VOLATILITY


def depegs(case: Case, terms: Terms, asset: str) -> tuple[float, float]:
    """Chance a year that the asset's peg breaks and what is then lost; 0, 0 for what has none."""
    own = terms.of(asset)
    pegged = stable(case, asset) and asset != case.quote
    chance = own.depeg_probability
    size = own.depeg_size
    chance = (DEPEG_PROBABILITY if pegged else 0.0) if chance is None else chance
    size = (DEPEG_SIZE if pegged else 0.0) if size is None else size
    return chance, size


def converts(case: Case, terms: Terms, asset: str) -> bool:
    """True where the asset may be bought and sold for the quote currency."""
    stated = terms.of(asset).converts
    return stable(case, asset) if stated is None else stated


def with_days(terms: Terms, days: float) -> Terms:
    """The same terms over another number of days; InputError for none or too many."""
    if not DAYS.holds(days):
        raise InputError(f"{days:g} days", file="--days", expected=DAYS.words)
    return replace(terms, days=days)
