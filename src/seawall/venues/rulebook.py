"""A venue's rules as data: tiers, collateral, option margin, price kinds, engine, waterfall."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from seawall.foundation.errors import MissingRule
from seawall.foundation.pricekind import PriceKind

MARGINAL, WHOLE = "marginal", "whole"


@dataclass(frozen=True)
class Tier:
    """From ``lower_bound`` (quote notional) on: the largest leverage and the maintenance rate.

    maintenance = notional x maintenance_rate - deduction. ``Rulebook.tier_form`` "marginal": the
    deduction makes it continuous at each bound; "whole": it is 0, and the margin jumps there (a
    notional on a bound belongs to the upper tier). Rates must not fall with size. ``upper_bound``
    is where the venue's table ends: stated on a last tier beyond which the rulebook knows no rates,
    else None.
    """

    lower_bound: float
    max_leverage: float
    maintenance_rate: float
    upper_bound: float | None = None


@dataclass(frozen=True)
class Collateral:
    """How one asset counts: fractions of its value.

    loan_to_value          counts towards initial margin or new debt
    liquidation_threshold  counts towards maintenance (1 for the settlement asset of a perp venue)
    liquidation_bonus      what a keeper receives on top of the debt repaid
    """

    loan_to_value: float
    liquidation_threshold: float
    liquidation_bonus: float = 0.0


@dataclass(frozen=True)
class PerpMargin:
    """Margin of a perpetual or future that grows with its size, as on an options venue.

    initial and maintenance rates of the notional, each plus ``slope`` x size in coins.
    """

    initial: float
    maintenance: float
    slope: float


@dataclass(frozen=True)
class OptionMargin:
    """Standard margin of short options as fractions of the underlying's price (Deribit's form).

    short call: initial max(initial_base - OTM/S, initial_floor) + mark, maintenance
    maintenance_base + mark; short put: initial max(that, maintenance), maintenance
    max(maintenance_base, maintenance_base x mark) + mark. Long options need no margin.
    Perpetuals and futures on the same venue: initial perp_initial + perp_slope x size (coins),
    maintenance perp_maintenance + perp_slope x size; ``perps`` {underlying: other numbers}.
    Once ``perps`` names coins, a slope above 0 serves those alone (`perp` refuses the others).
    """

    initial_base: float
    initial_floor: float
    maintenance_base: float
    perp_initial: float
    perp_maintenance: float
    perp_slope: float
    perps: Mapping[str, PerpMargin] = field(default_factory=dict)

    def perp(self, underlying: str) -> PerpMargin:
        """Rates of the perpetuals and futures on ``underlying``.

        MissingRule where the rate per coin of size is stated for other coins only: 0.005% for each
        BTC of size says nothing about a coin that costs a dollar.
        """
        if self.perps and underlying not in self.perps and self.perp_slope != 0.0:
            raise MissingRule(
                "[option_margin] of the rulebook states the margin of perpetuals, which grows per "
                f"coin of size, for {', '.join(self.perps)} only, not for {underlying}: it needs "
                f"[option_margin.perps.{underlying}]."
            )
        usual = PerpMargin(self.perp_initial, self.perp_maintenance, self.perp_slope)
        return self.perps.get(underlying, usual)


@dataclass(frozen=True)
class Feed:
    """Oracle feed: published when the price has moved by ``deviation`` (fraction) or after
    ``heartbeat_seconds``, seen ``delay_seconds`` later. All zero = the market price itself.
    """

    deviation: float = 0.0
    heartbeat_seconds: float = 0.0
    delay_seconds: float = 0.0


@dataclass(frozen=True)
class Liquidation:
    """How the venue closes accounts.

    style              "orderbook" (forced orders) or "keeper" (repays debt, seizes collateral)
    partial_fraction   share of what is left closed by a partial close, while notional exceeds
                       ``partial_above`` (quote)
    partial_steps      partial closes of an account before everything is closed; None: each breach
                       closes only that share again, until the account is healthy
    cooldown_seconds   wait after a partial close, at least one step
    close_factor       keeper: share of debt repaid while health factor > full_below; else all
    full_below         health factor at or below which all debt may be repaid
    backstop_ratio     equity < ratio x maintenance: the backstop vault takes over; None = no vault
    fee                fraction of notional charged on forced closes, paid to ``fee_to``
    fee_to             "fund" or "keeper"
    gas                quote cost of one keeper transaction
    """

    style: str
    partial_fraction: float = 1.0
    partial_above: float = 0.0
    cooldown_seconds: float = 0.0
    close_factor: float = 1.0
    full_below: float = 0.0
    backstop_ratio: float | None = None
    fee: float = 0.0
    fee_to: str = "fund"
    gas: float = 0.0
    partial_steps: int | None = 1


@dataclass(frozen=True)
class Waterfall:
    """Who pays after the account itself, first to last.

    layers         subset of ("backstop", "fund", "adl", "socialised"), in the venue's order
    fund           insurance fund at the start, quote
    backstop       backstop vault's capital at the start, quote
    """

    layers: tuple[str, ...]
    fund: float = 0.0
    backstop: float = 0.0


@dataclass(frozen=True)
class Rulebook:
    """One venue's rules.

    name, source, as_of  what it is, where the numbers come from, from which date
    margin_price         which of the seven prices governs margin and liquidation
    tiers                {underlying: tiers}; ``default_tiers`` serve the others (counted, printed)
    coin_tiers           {underlying: tiers} of inverse contracts, with bounds in coin, where the
                         venue has such; otherwise ``tiers`` serve them, with bounds in quote
    tier_form            "marginal" (each slice of a position at its own tier's rate, as with
                         taxes) or "whole" (the tier's rate on the whole position)
    collateral           {asset: Collateral}; other assets do not count as collateral
    needs                keys that the preset could not source: a Case that uses them must supply
    framework            the margin rule's name in `seawall.margin.frameworks`
    margin               the rule's own numbers as written, read by that framework
    mechanisms           {slot: parameters as written}, read by `seawall.cascade.table`
    preset               the preset it started from; no rule, so two rulebooks may differ in it
    """

    name: str
    source: str
    as_of: date
    margin_price: PriceKind
    liquidation: Liquidation
    waterfall: Waterfall
    tiers: Mapping[str, tuple[Tier, ...]] = field(default_factory=dict)
    default_tiers: tuple[Tier, ...] = ()
    coin_tiers: Mapping[str, tuple[Tier, ...]] = field(default_factory=dict)
    collateral: Mapping[str, Collateral] = field(default_factory=dict)
    option_margin: OptionMargin | None = None
    feed: Feed = Feed()
    feeds: Mapping[str, Feed] = field(default_factory=dict)
    taker_fee: float = 0.0
    needs: tuple[str, ...] = ()
    framework: str = "tiered"
    margin: Mapping[str, object] = field(default_factory=dict)
    tier_form: str = MARGINAL
    mechanisms: Mapping[str, object] = field(default_factory=dict)
    preset: str | None = field(default=None, compare=False)
