"""Parameters of Derive's standard margin: one record for each market, as its pages list them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from seawall.foundation.errors import MissingRule
from seawall.foundation.quantity import Quantity
from seawall.foundation.record import number

SHARE = Quantity("a fraction from 0 to 3 (0.05 means 5%)", 0.0, 3.0)
SCALE = Quantity("a multiple from 0 to 10", 0.0, 10.0)
CONFIDENCE = Quantity("a confidence from 0 to 1", 0.0, 1.0)


@dataclass(frozen=True)
class PerpShares:
    """Shares of a perpetual's notional, |size| x mark."""

    maintenance: float = number(SHARE)
    initial: float = number(SHARE)


@dataclass(frozen=True)
class OptionShares:
    """Shares of spot for short options, beside what they are worth.

    initial_base, initial_floor    initial: max(base - out of the money / spot, floor)
    maintenance_call, _put         maintenance
    maintenance_put_value          a put's maintenance is at least this share of its value
    put_initial_of_maintenance     a put's initial is at least this multiple of its maintenance
    unpaired_maintenance, _initial share of the forward for each call sold beyond those bought
    """

    initial_base: float = number(SHARE)
    initial_floor: float = number(SHARE)
    maintenance_call: float = number(SHARE)
    maintenance_put: float = number(SHARE)
    maintenance_put_value: float = number(SHARE)
    put_initial_of_maintenance: float = number(SCALE)
    unpaired_maintenance: float = number(SCALE)
    unpaired_initial: float = number(SCALE)


@dataclass(frozen=True)
class CoinShares:
    """A coin as collateral: share of its value, and what that is multiplied by for initial."""

    share: float = number(SHARE)
    initial_scale: float = number(SCALE, 1.0)


@dataclass(frozen=True)
class OracleCharge:
    """Cost of unsure prices, initial only: (1 - confidence) x factor x spot x size below threshold.

    A threshold for perpetuals, options and coins each; 0 switches one off.
    """

    perp_threshold: float = number(CONFIDENCE)
    option_threshold: float = number(CONFIDENCE)
    coin_threshold: float = number(CONFIDENCE)
    factor: float = number(SHARE)


@dataclass(frozen=True)
class StandardMarket:
    """One underlying's shares; what is not listed there cannot be held on it."""

    oracle: OracleCharge
    perp: PerpShares | None = None
    option: OptionShares | None = None
    coin: CoinShares | None = None


@dataclass(frozen=True)
class StandardManager:
    """Parameters of standard margin.

    depeg_threshold, depeg_factor  stable price below which initial margin grows, and how fast
    markets                        {underlying: its shares}
    """

    depeg_threshold: float = number(SCALE)
    depeg_factor: float = number(SCALE)
    markets: Mapping[str, StandardMarket] = field(default_factory=dict)

    def perp(self, underlying: str) -> PerpShares:
        """Shares of a perpetual; MissingRule when the market has none."""
        market = self.markets.get(underlying)
        if market is None or market.perp is None:
            raise _missing(underlying, "perp")
        return market.perp

    def option(self, underlying: str) -> OptionShares:
        """Shares of short options; MissingRule when the market has none."""
        market = self.markets.get(underlying)
        if market is None or market.option is None:
            raise _missing(underlying, "option")
        return market.option


def _missing(underlying: str, kind: str) -> MissingRule:
    return MissingRule(
        f"standard margin has no {kind} shares for {underlying}, which the account holds; write "
        f"them under [margin.markets.{underlying}.{kind}]."
    )
