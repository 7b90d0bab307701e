"""Handlers of peers' cases: onchain. They convert inputs and units and compute nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from by_hand_onchain import BY_HAND as ONCHAIN_BY_HAND
from peer_runner import Handler, Kind, PeerCase
from peer_units import exact

from seawall.margin.lending.collateral import debt_value, health_factor
from seawall.margin.options import vault_options
from seawall.margin.protocols import perennial, pool_position, skew_margin
from seawall.margin.protocols.skew_margin import SkewMarket


def aave_health_factor(case: PeerCase) -> dict[str, Any]:
    price, debt = case["market"]["prices_in_eth"], case["account"]["debt"]
    owed = debt_value(
        np.array([debt[coin] for coin in debt], dtype=float),
        np.array([price[coin] for coin in debt], dtype=float),
    )
    collateral = np.array([case["account"]["collateral_eth"]], dtype=float)
    threshold = np.array([case["parameters"]["liquidation_threshold"]], dtype=float)
    return {"health_factor": health_factor(collateral, threshold, owed)}


def gmx_liquidatable(case: PeerCase) -> dict[str, Any]:
    given, held = case["parameters"], case["account"]
    size, price = exact(held["size_usd"]), exact(case["market"]["collateral_price"])
    impact = pool_position.counted_impact(
        impact=exact(given["price_impact"]),
        size_usd=size,
        max_factor=exact(given.get("max_impact_factor", 1)),
    )
    remaining = pool_position.remaining_collateral(
        long=held["side"] == "long",
        size_usd=size,
        size_tokens=exact(held["size_tokens"]),
        index=exact(case["market"]["index_price"]),
        collateral_tokens=exact(held["collateral_tokens"]),
        collateral_price=price,
        impact=impact,
        fees=exact(given["fees"]),
    )
    liquidatable = pool_position.is_liquidatable(
        remaining=remaining,
        size_usd=size,
        min_factor=exact(given["min_collateral_factor"]),
        min_usd=exact(given["min_collateral_usd"]),
    )
    returned = pool_position.returned_tokens(remaining=remaining, collateral_price=price)
    return {"is_liquidatable": liquidatable, "collateral_returned_tokens": float(returned)}


def gmx_adl(case: PeerCase) -> dict[str, Any]:
    index, held = exact(case["market"]["index_price"]), case["account"]
    factor = pool_position.side_profit_factor(
        open_interest_usd=exact(held["long_open_interest_usd"]),
        entry=exact(held["entry_price"]),
        index=index,
        pool_tokens=exact(held["pool_long_tokens"]),
        token_price=index,
        long=True,
    )
    limit = exact(case["parameters"]["max_pnl_factor_for_adl"])
    return {"adl_enabled": pool_position.adl_enabled(profit_factor=factor, max_factor=limit)}


def perennial_maintenance(case: PeerCase) -> dict[str, Any]:
    due = perennial.required(
        size=exact(case["account"]["size"]),
        price=exact(case["market"]["price"]),
        rate=exact(case["parameters"]["maintenance"]),
        least=exact(case["parameters"]["min_maintenance"]),
    )
    return {"maintenance": float(due)}


def perennial_maintained(case: PeerCase) -> dict[str, Any]:
    due = perennial.required(
        size=exact(case["account"]["size"]),
        price=exact(case["market"]["price"]),
        rate=exact(case["parameters"]["maintenance"]),
        least=exact(case["parameters"]["min_maintenance"]),
    )
    collateral = exact(case["account"]["collateral"])
    return {"maintained": perennial.is_covered(collateral=collateral, requirement=due)}


def perennial_margined(case: PeerCase) -> dict[str, Any]:
    due = perennial.margin_required(
        size=exact(case["account"]["size"]),
        price=exact(case["market"]["price"]),
        rate=exact(case["parameters"]["margin"]),
        least=exact(case["parameters"]["min_margin"]),
        asked=exact(case["parameters"]["min_collateralization"]),
    )
    collateral = exact(case["account"]["collateral"])
    return {"margined": perennial.is_covered(collateral=collateral, requirement=due)}


def synthetix_profit(case: PeerCase) -> dict[str, Any]:
    market, held = case["market"], case["account"]["positions"]
    scales = {row["market"]: row["skew_scale"] for row in case["parameters"]["markets"]}
    profits = {
        coin: skew_margin.profit_since_fill(
            size=size,
            entry_index=market["entry_index_prices"][coin],
            index=market["index_prices"][coin],
            skew_before=market["skew_before"],
            skew_scale=scales[coin],
        )
        for coin, size in held.items()
    }
    available = skew_margin.available_margin(case["account"]["collateral"], profits)
    return {"pnl": profits, "available_margin": available}


def synthetix_margins(case: PeerCase) -> dict[str, Any]:
    given, prices = case["parameters"], case["market"]["prices"]
    held = case["account"]["positions"]

    def of(name: str, coin: str) -> float:
        """A parameter that is one number for all coins, or a number for each."""
        value = given[name]
        return value[coin] if isinstance(value, dict) else value

    markets = {
        coin: SkewMarket(
            skew_scale=of("skew_scale", coin),
            initial_fraction=of("initial_margin_fraction", coin),
            minimum_ratio=of("minimum_initial_margin_ratio", coin),
            maintenance_scalar=of("maintenance_margin_scalar", coin),
            flag_reward=of("flag_reward_ratio", coin),
            minimum_position_margin=of("minimum_position_margin", coin),
        )
        for coin in held
    }
    total = skew_margin.margins_without_reward(markets, held, prices)
    profits = {
        coin: skew_margin.profit_since_fill(
            size=size,
            entry_index=prices[coin],
            index=prices[coin],
            skew_before=0.0,
            skew_scale=markets[coin].skew_scale,
        )
        for coin, size in held.items()
    }
    return {
        "available_margin": skew_margin.available_margin(case["account"]["collateral"], profits),
        "initial_margin_ex_liq_reward": total.initial,
        "maintenance_margin_ex_liq_reward": total.maintenance,
        "flag_rewards": total.flag_reward,
    }


def opyn_spread(case: PeerCase) -> dict[str, Any]:
    held = case["account"]
    (sold, low), (bought, high) = held["short"], held["long"]
    due = vault_options.spread_requirement(
        call=held["type"] == "call",
        short=(exact(sold), exact(low)),
        long=(exact(bought), exact(high)),
    )
    net, _ = vault_options.excess_collateral(collateral=exact(held["collateral"]), requirement=due)
    return {"net_collateral": float(net)}


def opyn_naked_margin(case: PeerCase) -> Any:
    held = case["account"]
    return vault_options.naked_margin(
        call=held["type"] == "call",
        spot=exact(case["market"]["spot"]),
        strike=exact(held["strike"]),
        amount=exact(held["short_amount"]),
        spot_shock=exact(case["parameters"]["spot_shock"]),
        upper_bound=exact(case["parameters"]["upper_bound"]),
    )


def opyn_naked(case: PeerCase) -> dict[str, Any]:
    due = float(opyn_naked_margin(case))
    return {"margin": due, "exact_formula_value": due}


def opyn_excess(case: PeerCase) -> dict[str, Any]:
    excess, valid = vault_options.excess_collateral(
        collateral=exact(case["account"]["collateral"]), requirement=opyn_naked_margin(case)
    )
    return {"excess": float(excess), "valid": valid}


HANDLERS: dict[Kind, Handler] = {
    ("aave_v3", None, "health_factor"): aave_health_factor,
    ("gmx_v2", None, "adl_flag"): gmx_adl,
    ("gmx_v2", None, "is_liquidatable"): gmx_liquidatable,
    ("opyn_gamma", None, "excess_collateral"): opyn_excess,
    ("opyn_gamma", None, "max_loss_spread_margin"): opyn_spread,
    ("opyn_gamma", None, "naked_option_margin"): opyn_naked,
    ("perennial_v2", None, "is_maintained"): perennial_maintained,
    ("perennial_v2", None, "is_margined"): perennial_margined,
    ("perennial_v2", None, "maintenance_margin"): perennial_maintenance,
    ("synthetix_v3_perps", None, "fill_price_pnl_and_available_margin"): synthetix_profit,
    ("synthetix_v3_perps", None, "initial_maintenance_margin"): synthetix_margins,
}

# Worked by hand, one of each kind at least, so that the runner is tested without the folder.
BY_HAND: list[PeerCase] = ONCHAIN_BY_HAND
