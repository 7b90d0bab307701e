"""Cases of the on-chain kinds worked by hand, in the form of the peers' cases."""

from __future__ import annotations

from typing import Any

from by_hand_exchanges import case

EXACT: dict[str, float] = {}
POOL = {"min_collateral_factor": 0.02, "min_collateral_usd": 5, "fees": 3, "price_impact": -7}
POOL_MARKET = {"index_price": 110, "collateral_price": 2}
POOL_LONG = {"side": "long", "size_usd": 1_000, "size_tokens": 10, "collateral_tokens": 50}
SYNTHETIX = {
    "initial_margin_fraction": 2,
    "minimum_initial_margin_ratio": 0.01,
    "maintenance_margin_scalar": 0.5,
    "flag_reward_ratio": 0.001,
    "minimum_position_margin": {"BTC": 50, "ETH": 20},
    "skew_scale": {"BTC": 100, "ETH": 1_000},
}
CALL = {"type": "call", "strike": 2_000, "short_amount": 3}
PUT = {"type": "put", "strike": 2_000, "short_amount": 3}
NAKED = {"spot_shock": 0.75, "upper_bound": 0.2}

BY_HAND: list[dict[str, Any]] = [
    # 10 x 0.8 / (2 + 3)
    case(
        "aave_v3",
        "health_factor",
        {"liquidation_threshold": 0.8},
        {"collateral_eth": 10.0, "debt": {"USDC": 8_000.0, "DAI": 10_000.0}},
        {"health_factor": 1.6},
        {"absolute": 1e-12},
        {"prices_in_eth": {"USDC": 0.00025, "DAI": 0.0003}},
    ),
    # 100 + 100 - 7 - 3 = 190 against 20; 95 tokens.
    case(
        "gmx_v2",
        "is_liquidatable",
        POOL,
        POOL_LONG,
        {"is_liquidatable": False, "collateral_returned_tokens": 95.0},
        None,
        POOL_MARKET,
    ),
    # Short: 100 - 100 + 0 (a gain of impact does not count) - 3 = -3: nothing is returned.
    case(
        "gmx_v2",
        "is_liquidatable",
        {**POOL, "price_impact": 7},
        {**POOL_LONG, "side": "short"},
        {"is_liquidatable": True, "collateral_returned_tokens": 0.0},
        None,
        POOL_MARKET,
    ),
    # 100 - 70 - 7 - 3 = 20 is the least, 2% of 1,000: not below it.
    case(
        "gmx_v2",
        "is_liquidatable",
        POOL,
        POOL_LONG,
        {"is_liquidatable": False},
        None,
        {"index_price": 93, "collateral_price": 2},
    ),
    # 600 / 50 = 12 tokens, 720 at 60: 120 over a pool of 600 is 20%, not above 20%.
    case(
        "gmx_v2",
        "adl_flag",
        {"max_pnl_factor_for_adl": 0.2, "min_pnl_factor_after_adl": 0.1},
        {"pool_long_tokens": 10, "long_open_interest_usd": 600, "entry_price": 50},
        {"adl_enabled": False},
        EXACT,
        {"index_price": 60},
    ),
    case(
        "gmx_v2",
        "adl_flag",
        {"max_pnl_factor_for_adl": 0.199, "min_pnl_factor_after_adl": 0.1},
        {"pool_long_tokens": 10, "long_open_interest_usd": 600, "entry_price": 50},
        {"adl_enabled": True},
        EXACT,
        {"index_price": 60},
    ),
    # z = 0.75 x 2,000 / 1,200 = 1.25: 3 x 0.2 = 0.6 of the underlying.
    case(
        "opyn_gamma",
        "excess_collateral",
        NAKED,
        {**CALL, "collateral": 0.6},
        {"excess": 0.0, "valid": True},
        None,
        {"spot": 1_200},
    ),
    # z = 0.75 x 2,000 / 3,000 = 0.5: 3 x (0.1 + 0.5) = 1.8.
    case(
        "opyn_gamma",
        "excess_collateral",
        NAKED,
        {**CALL, "collateral": 1.5},
        {"excess": -0.3, "valid": False},
        None,
        {"spot": 3_000},
    ),
    # Shocked spot 1,500: 3 x (0.2 x 1,500 + 500) = 2,400.
    case(
        "opyn_gamma",
        "naked_option_margin",
        NAKED,
        PUT,
        {"margin": 2_400.0, "exact_formula_value": 2_400.0},
        {"relative": 1e-9},
        {"spot": 2_000},
    ),
    # 3 x 200 - 150 x min(3, 2) = 300; 350 held.
    case(
        "opyn_gamma",
        "max_loss_spread_margin",
        {},
        {"type": "put", "short": [3, 200], "long": [2, 150], "collateral": 350},
        {"net_collateral": 50.0},
    ),
    # (250 - 200) / 250 x 2 = 0.4 against 2 - 1 = 1.
    case(
        "opyn_gamma",
        "max_loss_spread_margin",
        {},
        {"type": "call", "short": [2, 200], "long": [1, 250], "collateral": 0},
        {"net_collateral": -1.0},
    ),
    # Shorts only, longs only.
    case(
        "opyn_gamma",
        "max_loss_spread_margin",
        {},
        {"type": "call", "short": [2, 200], "long": [0, 0], "collateral": 3},
        {"net_collateral": 1.0},
    ),
    case(
        "opyn_gamma",
        "max_loss_spread_margin",
        {},
        {"type": "put", "short": [0, 0], "long": [2, 150], "collateral": 7},
        {"net_collateral": 7.0},
    ),
    # 3 x 0.1 x 10 = 3 exactly, although 0.1 is no exact float.
    case(
        "perennial_v2",
        "is_maintained",
        {"maintenance": 0.1, "min_maintenance": 0},
        {"size": 3, "collateral": 3},
        {"maintained": True},
        EXACT,
        {"price": 10},
    ),
    case(
        "perennial_v2",
        "is_maintained",
        {"maintenance": 0.1, "min_maintenance": 50},
        {"size": 0, "collateral": -1},
        {"maintained": True},
        EXACT,
        {"price": 10},
    ),
    # The caller asks for 20%, more than the market's 15%: 6 of 5.
    case(
        "perennial_v2",
        "is_margined",
        {"margin": 0.15, "min_margin": 1, "min_collateralization": 0.2},
        {"size": 3, "collateral": 5},
        {"margined": False},
        EXACT,
        {"price": 10},
    ),
    case(
        "perennial_v2",
        "maintenance_margin",
        {"maintenance": 0.1, "min_maintenance": 8},
        {"size": -3},
        {"maintenance": 8.0},
        None,
        {"price": 10},
    ),
    # Fill 1,000 x (1 + (10 + 12) / 2 / 100) = 1,110: 2 x (1,200 - 1,110).
    case(
        "synthetix_v3_perps",
        "fill_price_pnl_and_available_margin",
        {"markets": [{"market": "BTC", "skew_scale": 100}]},
        {"collateral": 500, "positions": {"BTC": 2}},
        {"pnl": {"BTC": 180.0}, "available_margin": 680.0},
        None,
        {"index_prices": {"BTC": 1_200}, "entry_index_prices": {"BTC": 1_000}, "skew_before": 10},
    ),
    # BTC: 2,000 x (2% x 2 + 1%) + 50 = 150, half the ratio 100; ETH: 1,000 x (1% x 2 + 1%) + 20
    # = 50 and 35. Lost to the skew: 2,000 x 1% + 1,000 x 0.5% = 25.
    case(
        "synthetix_v3_perps",
        "initial_maintenance_margin",
        SYNTHETIX,
        {"collateral": 400, "positions": {"BTC": -2, "ETH": 10}},
        {
            "available_margin": 375.0,
            "initial_margin_ex_liq_reward": 200.0,
            "maintenance_margin_ex_liq_reward": 135.0,
            "flag_rewards": 3.0,
        },
        None,
        {"prices": {"BTC": 1_000, "ETH": 100}},
    ),
]
