"""What is known of a venue's other accounts, from which a crowd is generated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class LeverageMix:
    """Distribution of account leverage: lognormal with this median and log-sd, venue's cap."""

    median: float
    log_sd: float


@dataclass(frozen=True)
class CrowdSpec:
    """One venue's crowd.

    venue              the venue it trades on
    accounts           how many accounts
    seed               seed of the generator (independent of the paths' seed)
    long_share         {instrument: share of crowd accounts' notional that is long}, 0 to 1;
                       the order book holds the other side of any imbalance
    leverage           {"light" | "base" | "heavy": LeverageMix}; "base" is the Case's own
    size_log_sd        log-sd of account notional (concentration; 2 gives a Gini near 0.84)
    positions_mean     mean number of positions per account (>= 1)
    isolated_share     share of positions with isolated margin
    kind               "perpetuals" or "loans"
    collateral_mix     loans: {collateral asset: share}; debt_mix: {debt asset: share}
    total_debt         loans: quote
    """

    venue: str
    accounts: int
    seed: int
    leverage: Mapping[str, LeverageMix]
    kind: str = "perpetuals"
    long_share: Mapping[str, float] | None = None
    size_log_sd: float = 1.8
    positions_mean: float = 1.6
    isolated_share: float = 0.0
    collateral_mix: Mapping[str, float] | None = None
    debt_mix: Mapping[str, float] | None = None
    total_debt: float = 0.0
