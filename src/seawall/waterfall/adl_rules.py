"""The rules of the slot ``adl`` by name: parameters, and who is reduced.

    [mechanisms.adl]
    rule = "risk_aware"

Without the slot the layer "adl" of a waterfall ranks as Hyperliquid does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from seawall.waterfall import (
    adl_queue,
    deleverage,
    pool_flag,
    pro_rata_contracts,
    pro_rata_profit,
    random_counterparty,
    risk_aware,
)
from seawall.waterfall.winners import Need, Taken, Winners

ADL_RULES: Mapping[str, type] = {
    "profit_leverage_queue": adl_queue.ProfitLeverageQueue,
    "hyperliquid": deleverage.HyperliquidRanking,
    "random_counterparty": random_counterparty.RandomCounterparty,
    "pro_rata_contracts": pro_rata_contracts.ProRataContracts,
    "pro_rata_profit": pro_rata_profit.ProRataProfit,
    "risk_aware": risk_aware.RiskAware,
    "pool_flag": pool_flag.PoolFlag,
}

_TAKE: Mapping[type, Callable[[Any, Winners, Need], Taken]] = {
    adl_queue.ProfitLeverageQueue: adl_queue.take,
    deleverage.HyperliquidRanking: deleverage.take,
    random_counterparty.RandomCounterparty: random_counterparty.take,
    pro_rata_contracts.ProRataContracts: pro_rata_contracts.take,
    pro_rata_profit.ProRataProfit: pro_rata_profit.take,
    risk_aware.RiskAware: risk_aware.take,
    pool_flag.PoolFlag: pool_flag.take,
}
# Each bankrupt account is closed alone, not together with the others of its side.
_ALONE = (random_counterparty.RandomCounterparty,)


def take(rule: object, winners: Winners, need: Need) -> Taken:
    """Who is reduced by one of the rules above: at most what is needed and available."""
    return _TAKE[type(rule)](rule, winners, need)


def space(rule: object) -> str:
    """What the rule shares out: contracts or equity."""
    return str(getattr(rule, "SPACE"))  # noqa: B009 - the rules share a constant, not a class


def alone(rule: object) -> bool:
    """True where each bankrupt account is matched by itself."""
    return isinstance(rule, _ALONE)
