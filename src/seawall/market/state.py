"""The world at one instant: prices, depth, volatility, funding and the scenario that moves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from seawall.market.history import PriceHistory
from seawall.market.shares import ShareState


@dataclass(frozen=True)
class AssetState:
    """One asset; prices in quote per unit.

    spot, index, oracle   the three observed prices (index and oracle default to spot)
    volatility            annual fraction, of the observed (total) price
    volatility_error      relative standard error of that estimate (feeds the model interval)
    depth                 quote notional that moves the price by one unit of log-price
    daily_volume          quote notional traded per day
    borrow_rate           annual fraction paid on debts of this asset (simple)
    implied_slope         change of implied volatility per unit of relative spot change (< 0: vol
                          rises when spot falls)
    implied_half_spread   half of the bid-ask spread of its options, in volatility
    confidence            the oracle's confidence in the spot price, 0 to 1 (Derive)
    spread, spread_sd     mean bid-ask spread, a fraction of the price, and its standard deviation;
                          None = not stated (reported beside the tail, moves nothing)
    """

    spot: float
    index: float
    oracle: float
    volatility: float
    depth: float
    daily_volume: float
    volatility_error: float = 0.0
    borrow_rate: float = 0.0
    implied_slope: float = 0.0
    implied_half_spread: float = 0.0
    confidence: float = 1.0
    spread: float | None = None
    spread_sd: float = 0.0


@dataclass(frozen=True)
class InstrumentState:
    """One instrument.

    mark                perpetuals and futures: quote per base unit. Options: forward of the expiry
                        (quote) where given; None = the underlying's spot
    funding_rate        annual fraction of notional that longs pay shorts (perpetuals)
    open_interest       base units (inverse: quote contracts), one side counted; None = unknown
    implied_volatility  annual fraction (options)
    rate                annual, continuous, of the settlement asset: an option's discount factor is
                        exp(-rate x years), in quote (linear) or in coin (inverse)
    mark_confidence, volatility_confidence, rate_confidence   the oracle's, 0 to 1 (Derive)
    implied_slope       as the asset's, for this option alone; None = the asset's
    """

    mark: float | None = None
    funding_rate: float = 0.0
    open_interest: float | None = None
    implied_volatility: float | None = None
    rate: float = 0.0
    mark_confidence: float = 1.0
    volatility_confidence: float = 1.0
    rate_confidence: float = 1.0
    implied_slope: float | None = None


@dataclass(frozen=True)
class Scenario:
    """How exogenous paths are drawn.

    model            "diffusion", "jump_diffusion" or one with parameters of its own
    parameters       {model: its parameters as written}, read by `seawall.scenario.models`
    label            "exogenous" (crowd feedback on) or "total" (feedback off)
    branching_ratio  prior mean of n: volatility in files is of total history, so exogenous
                     volatility is (1 - n) times it
    branching_error  standard deviation of that prior (feeds the model interval)
    jumps_per_year, jump_mean, jump_volatility   common log-jumps, scaled by each asset's jump_beta
    depth_error      relative standard error of depth (feeds the model interval)
    thinning         depth = depth0 / (1 + thinning x max(vol/vol0 - 1, 0))
    recovery_seconds time constant with which temporary impact decays
    permanent_share  share of impact that stays
    impact           "linear" or "square_root"
    impact_prefactor Y of the square-root law (unused by linear)
    """

    model: str = "diffusion"
    label: str = "exogenous"
    branching_ratio: float = 0.0
    branching_error: float = 0.0
    jumps_per_year: float = 0.0
    jump_mean: float = 0.0
    jump_volatility: float = 0.0
    depth_error: float = 0.0
    thinning: float = 0.0
    recovery_seconds: float = 3600.0
    permanent_share: float = 0.0
    impact: str = "linear"
    impact_prefactor: float = 1.0
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Market:
    """Prices, depth, volatility and funding at ``as_of``; mappings are keyed by name.

    correlation   {(asset, asset): correlation of log-returns}; missing pairs are 0, own pair is 1
    jump_beta     {asset: loading on the common jump}; missing = 0
    block_seconds {venue: seconds per block}: the clock on which that venue settles
    shares        {share: what one of it claims}; the share is an asset too, with its own spot
    mechanisms    {slot: parameters as written}, read by `seawall.cascade.table`
    histories     {file name: prices of the past}, which the bootstrap draws from
    history       which of them the historical tail rests on; None = the bootstrap's, if any
    """

    as_of: datetime
    assets: Mapping[str, AssetState]
    instruments: Mapping[str, InstrumentState]
    scenario: Scenario = field(default_factory=Scenario)
    correlation: Mapping[tuple[str, str], float] = field(default_factory=dict)
    jump_beta: Mapping[str, float] = field(default_factory=dict)
    block_seconds: Mapping[str, float] = field(default_factory=dict)
    shares: Mapping[str, ShareState] = field(default_factory=dict)
    mechanisms: Mapping[str, object] = field(default_factory=dict)
    histories: Mapping[str, PriceHistory] = field(default_factory=dict)
    history: str | None = None
