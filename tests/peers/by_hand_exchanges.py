"""Cases of the exchanges' kinds worked by hand, in the form of the peers' cases."""

from __future__ import annotations

from typing import Any

NEAR = {"absolute": 1e-9}


def case(
    venue: str,
    kind: str,
    parameters: dict[str, Any],
    account: dict[str, Any],
    expected: dict[str, Any],
    tolerance: dict[str, float] | None = None,
    market: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "venue": venue,
        "kind": kind,
        "parameters": parameters,
        "market": market or {},
        "account": account,
        "expected": expected,
        "tolerance": NEAR if tolerance is None else tolerance,
    }


LINEAR = "isolated_linear_liquidation_price"
LONG = {"side": "long", "entry_price": 100.0, "size": 2.0, "leverage": 10.0, "wallet_balance": 20.0}
SHORT = {**LONG, "side": "short"}
TIERS = [[0, 1000.0, 0.01, 0.0], [1000.0, 5000.0, 0.02, 10.0], [5000.0, 9000.0, 0.05, 160.0]]
QUEUE = [
    {"account": 7, "quantity": 30, "ranking_score": 1.5},
    {"account": 8, "quantity": 50, "ranking_score": 4.0},
    {"account": 9, "quantity": 20, "ranking_score": 2.0},
]
CROSS = {
    "entry_price": 8_000,
    "quantity_usd": 10_000,
    "account_balance_btc": 0.5,
    "order_margin_btc": 0,
}

BY_HAND: list[dict[str, Any]] = [
    # (20 + 5 - 200) / (2 x 1% - 2): 175 / 1.98; short: 225 / 2.02.
    case(
        "binance",
        LINEAR,
        {"mmr": 0.01, "maintenance_amount": 5.0},
        LONG,
        {"liquidation_price": 175 / 1.98},
    ),
    case(
        "binance",
        LINEAR,
        {"mmr": 0.01, "maintenance_amount": 5.0},
        SHORT,
        {"liquidation_price": 225 / 2.02},
    ),
    # 50,000 x (1% - 0.5%) on top of 7.
    case(
        "binance",
        "maintenance_amount_recursion",
        {"floor": 50_000.0, "mmr": 0.01, "mmr_prev": 0.005, "cum_prev": 7.0},
        {},
        {"cum": 257.0},
    ),
    case(
        "binance",
        "maintenance_amount_recursion",
        {"tiers[min,max,mmr,max_leverage]": [[*t[:3], 10.0] for t in TIERS]},
        {},
        {"cum": [0.0, 10.0, 160.0]},
    ),
    # On the bound, so in the upper tier.
    case(
        "binance",
        "maintenance_tier_lookup",
        {"tiers[min,max,mmr,cum]": TIERS},
        {"notional": 1_000},
        {"mmr": 0.02, "maintenance_amount": 10.0},
        {"absolute": 0},
    ),
    case(
        "binance",
        "maintenance_tier_lookup",
        {"tiers[min,max,mmr,cum]": TIERS},
        {"notional": 999.99},
        {"mmr": 0.01, "maintenance_amount": 0.0},
        {"absolute": 0},
    ),
    # 30 x 100 / 10,000 = 0.3 coins at 15x.
    case(
        "binance_coin_m",
        "inverse_initial_margin",
        {"leverage": 15},
        {"contracts": 30, "contract_usd": 100, "order_price": 10_000},
        {"initial_margin_btc": 0.02},
    ),
    # 0.25 coins x 2% - 0.001.
    case(
        "binance_coin_m",
        "inverse_maintenance_margin",
        {"mmr": 0.02, "cum": 0.001},
        {"contracts": 30, "contract_usd": 100},
        {"notional_btc": 0.25, "maintenance_margin_btc": 0.004},
        market={"mark": 12_000},
    ),
    # 8 (50 of 100), 9 (to 70), 7: fifths 60, 80, 100. 60 are closed: 50 of 8 and 10 of 9.
    case(
        "bitmex",
        "adl_queue",
        {},
        {"longs": QUEUE, "liquidated_short": {"size": 60, "bankruptcy_price": 321.5}},
        {
            "order": [8, 9, 7],
            "closed": {"8": 50, "9": 10},
            "price": 321.5,
            "account9_remaining": 10,
            "quintile_pct_published": {"8": 60, "9": 80, "7": 100},
        },
        {"absolute": 0},
    ),
    # Help centre, inverse contract: 10,007.5 / 1.75 = 5718.5714...; 7.5 / that = 0.00131152;
    # 0.5 - 0.00625 - 0.00131152 = 0.49243848; 10,000 / 1.74243848 = 5739.083...
    case(
        "bybit",
        "cross_inverse_liquidation_price",
        {"mmr": 0.005, "taker_fee": 0.00075},
        {"side": "long", **CROSS},
        {
            "bankruptcy_price": 5718.571428571428,
            "liquidation_price": 5739.5,
            "liquidation_price_before_tick_rounding": 10_000
            / (1.75 - 0.00625 - 7.5 * 1.75 / 10_007.5),
        },
        {"absolute": 1e-6},
    ),
    # Short: 9,992.5 / 0.75 = 13323.33; 10,000 / (1.25 - 0.49375 + 7.5 x 0.75 / 9,992.5).
    case(
        "bybit",
        "cross_inverse_liquidation_price",
        {"mmr": 0.005, "taker_fee": 0.00075},
        {"side": "short", **CROSS},
        {
            "bankruptcy_price": 9_992.5 / 0.75,
            "liquidation_price": 13_213.5,
            "liquidation_price_before_tick_rounding": 10_000 / (0.75625 + 7.5 * 0.75 / 9_992.5),
        },
        {"absolute": 1e-6},
    ),
    # 1,000 x 9 / 8 = 1,125 is on a tick and stays there; 1,000 x 7 / 8 for a long at 7x.
    case(
        "bybit",
        "isolated_inverse_bankruptcy_price",
        {"leverage": 9},
        {"side": "short", "entry_price": 1_000},
        {"bankruptcy_price_unrounded": 1_125.0, "bankruptcy_price_rounded_to_tick_0.5": 1_125.0},
    ),
    case(
        "bybit",
        "isolated_inverse_bankruptcy_price",
        {"leverage": 7},
        {"side": "long", "entry_price": 1_001},
        {"bankruptcy_price_unrounded": 875.875, "bankruptcy_price_rounded_to_tick_0.5": 876.0},
    ),
    case(
        "bybit",
        "isolated_inverse_margins",
        {"mmr": 0.01},
        {"entry_price": 20_000, "quantity_usd": 40_000, "leverage": 8},
        {"position_value_btc": 2.0, "initial_margin_btc": 0.25, "maintenance_margin_btc": 0.02},
    ),
    # 200 at 10x and 1% less 0.5: margin 20, maintenance 1.5; 100 - 18.5 / 2.
    case(
        "bybit",
        LINEAR,
        {"mmr": 0.01, "mm_deduction": 0.5},
        {k: v for k, v in LONG.items() if k != "wallet_balance"},
        {"liquidation_price": 90.75, "initial_margin": 20.0, "maintenance_margin": 1.5},
    ),
    # 6 more margin than the initial: 100 + (26 - 2) / 2.
    case(
        "bybit",
        LINEAR,
        {"mmr": 0.01},
        {**SHORT, "wallet_balance": 26.0},
        {"liquidation_price": 112.0, "initial_margin": 20.0, "maintenance_margin": 2.0},
    ),
    # 50 x 1,000 = 50,000 at 5.5% and 3.5%, whichever the side.
    case(
        "deribit",
        "standard_margin_linear_perp",
        {"im_base": 0.05, "mm_base": 0.03, "size_slope_per_coin": 1e-4},
        {"size_coins": -50.0},
        {"initial_margin_usdc": 2_750.0, "maintenance_margin_usdc": 1_750.0},
        {"absolute": 1e-6},
        {"index": 1_000.0},
    ),
    # (100 - 10) / (1 - 1.1%) and (100 + 10) / (1 + 1.1%).
    case(
        "gate",
        LINEAR,
        {"mmr": 0.01, "taker_fee": 0.001},
        LONG,
        {"liquidation_price": 90 / 0.989},
    ),
    case(
        "okx",
        LINEAR,
        {"mmr": 0.01, "taker_fee": 0.001},
        SHORT,
        {"liquidation_price": 110 / 1.011},
    ),
    # A margin above the value: the formula goes below 0, (200 - 260) / 1.98 and -60 / 2 / 0.989.
    case(
        "binance",
        LINEAR,
        {"mmr": 0.01, "maintenance_amount": 0.0},
        {**LONG, "leverage": 1, "wallet_balance": 260.0},
        {"liquidation_price": -60 / 1.98},
    ),
    case(
        "okx",
        LINEAR,
        {"mmr": 0.01, "taker_fee": 0.001},
        {**LONG, "leverage": 1, "wallet_balance": 260.0},
        {"liquidation_price": -30 / 0.989},
    ),
    # 100 - (260 - 2) / 2
    case(
        "bybit",
        LINEAR,
        {"mmr": 0.01},
        {**LONG, "leverage": 1, "wallet_balance": 260.0},
        {"liquidation_price": -29.0, "initial_margin": 200.0, "maintenance_margin": 2.0},
    ),
    case("hyperliquid", "maintenance_margin_rate", {"max_leverage": 40}, {}, {"mmr": 0.0125}),
    # 2% and 5%; 1m x 3% = 30,000.
    case(
        "hyperliquid",
        "tiered_maintenance_margin",
        {"tiers[lower_bound,max_leverage]": [[0, 25], [1e6, 10]]},
        {"notionals": [5e5, 2e6]},
        {
            "maintenance_rates": [0.02, 0.05],
            "deductions": [0.0, 30_000.0],
            "maintenance_margin": [10_000.0, 70_000.0],
        },
        {"relative": 1e-12},
    ),
    # 1m x 1% + 1m x 2%; and 1m x 1% + 2m x 2% + 1m x 2% beyond the last tier.
    case(
        "okx",
        "portfolio_margin_MR9_stablecoin_depeg",
        {"tiers[upper_usd,rate]": [[1e6, 0.01], [3e6, 0.02]]},
        {"hedged_size_usd": 2e6},
        {"mr9_usd": 30_000.0},
    ),
    case(
        "okx",
        "portfolio_margin_MR9_stablecoin_depeg",
        {"tiers[upper_usd,rate]": [[1e6, 0.01], [3e6, 0.02]]},
        {"hedged_size_usd": 4e6},
        {"mr9_usd": 70_000.0},
    ),
]
