"""Bad instruments of the newer kinds and bad contents of shares; what each refusal has to say.

The folder is the sample with one share of each kind added (share_folder.py).
"""

from __future__ import annotations

from mutations import Refusals, add, cell, key, sub

BAD_SHARES: Refusals = {
    # quantos
    "multiplier_of_an_inverse": (
        sub("instruments.csv", "ETH-QUANTO,perpetual,ETH,BTC", "ETH-QUANTO,perpetual,ETH,ETH"),
        r"instruments\.csv, row 15, column 'multiplier': ETH settles a contract on itself",
    ),
    "multiplier_of_an_option": (
        cell("instruments.csv", 7, "multiplier", "0.01"),
        r"instruments\.csv, row 7, column 'multiplier': an option has no multiplier",
    ),
    "multiplier_of_a_coin": (
        cell("instruments.csv", 10, "multiplier", "0.01"),
        r"instruments\.csv, row 10, column 'multiplier': a spot has no multiplier",
    ),
    "zero_multiplier": (
        cell("instruments.csv", 15, "multiplier", "0"),
        r"instruments\.csv, row 15, column 'multiplier': '0' cannot be used; .*settlement units",
    ),
    "quanto_without_multiplier": (
        cell("instruments.csv", 15, "multiplier", ""),
        r"instruments\.csv, column 'settle': 'ETH-QUANTO' settles in BTC, which is worth 84000: "
        r"it is neither linear .*multiplier",
    ),
    "option_in_a_third_coin": (
        sub("instruments.csv", "76000-P,option,BTC,BTC", "76000-P,option,BTC,ETH"),
        r"instruments\.csv, column 'settle': 'BTC-27FEB26-76000-P' settles in ETH",
    ),
    # shares as instruments
    "staked_on_nothing": (
        cell("instruments.csv", 14, "underlying", ""),
        r"instruments\.csv, row 14, column 'underlying': the cell is empty",
    ),
    "staked_on_itself": (
        cell("instruments.csv", 14, "underlying", "wstETH"),
        r"instruments\.csv, row 14, column 'underlying': 'wstETH' is staked on itself",
    ),
    "share_with_an_underlying": (
        cell("instruments.csv", 17, "underlying", "ETH"),
        r"instruments\.csv, row 17, column 'underlying': a liquidity_share is its own underlying",
    ),
    "share_with_a_settle": (
        cell("instruments.csv", 18, "settle", "USDC"),
        r"instruments\.csv, row 18, column 'settle': a vault_share has no settle",
    ),
    "share_that_is_no_asset": (
        cell("instruments.csv", 19, "instrument", "GMX"),
        r"instruments\.csv, row 19, column 'instrument': 'GMX' is not an asset",
    ),
    "share_as_position": (
        add("positions.csv", "harbour/perp-main,GM,1,1.2,cross,"),
        r"positions\.csv, row 10, column 'instrument': 'GM' is a share, which cannot.*balances",
    ),
    "kind_of_share_misspelt": (
        cell("instruments.csv", 17, "kind", "liquidty_share"),
        r"instruments\.csv, row 17, column 'kind': .*'liquidity_share'",
    ),
    # what shares claim
    "share_without_contents": (
        sub("market.toml", "[shares.VLT]", "[shares.VLTX]"),
        r"market\.toml, row \d+: shares\.VLTX is not a share .*expected 'VLT'",
    ),
    "contents_of_a_coin": (
        sub("market.toml", "[shares.wstETH]", "[shares.ETH]"),
        r"shares\.ETH is not a share of the instruments table; expected 'wstETH'",
    ),
    "contents_of_another_kind": (
        sub("market.toml", "holdings = {", "reserves = {"),
        r"shares\.VLT\.reserves is not a known key",
    ),
    "no_exchange_rate": (
        sub("market.toml", "exchange_rate =", "#"),
        r"shares\.wstETH\.exchange_rate is missing; expected units of the underlying",
    ),
    "yield_in_percent": (
        key("market.toml", "[shares.wstETH]", "yield_rate", "28"),
        r"shares\.wstETH\.yield_rate is 28; expected an annual fraction",
    ),
    "three_reserves": (
        sub("market.toml", "USDC = 2_760_000 }", "USDC = 2_760_000, BTC = 1 }"),
        r"market\.toml, row \d+: shares\.LP\.reserves names 3 assets; expected two",
    ),
    "negative_reserve": (
        sub("market.toml", "{ ETH = 1000, USDC = 2_760_000 }", "{ ETH = -1000, USDC = 2 }"),
        r"shares\.LP\.reserves\.ETH is -1000; expected a quantity above 0",
    ),
    "no_reserves": (sub("market.toml", "reserves =", "#"), r"shares\.LP\.reserves is missing"),
    "empty_holdings": (
        sub("market.toml", "{ wstETH = 10, LP = 5, USDC = -1_000 }", "{}"),
        r"shares\.VLT\.holdings is empty",
    ),
    "unknown_holding": (
        sub("market.toml", "{ wstETH = 10,", "{ wsteth = 10,"),
        r"shares\.VLT\.holdings\.wsteth is not an asset of market\.toml; expected 'wstETH'",
    ),
    "no_supply": (
        sub("market.toml", "supply = 100\n", ""),
        r"shares\.VLT\.supply is missing; expected the number of shares",
    ),
    "zero_supply": (
        key("market.toml", "[shares.GM]", "supply", "0"),
        r"shares\.GM\.supply is 0; expected the number of shares",
    ),
    "vault_in_itself": (
        sub("market.toml", "{ wstETH = 10,", "{ VLT = 10,"),
        r"market\.toml: share VLT holds itself",
    ),
    "vault_that_owes_all": (
        sub("market.toml", "USDC = -1_000 }", "USDC = -100_000_000 }"),
        r"market\.toml: share VLT is worth -\S+ by its contents",
    ),
    "supply_in_millions": (
        key("market.toml", "[shares.GM]", "supply", "4"),
        r"market\.toml, row \d+: assets\.GM\.spot is 1\.16 where its contents .* 1\.1\d+e\+06",
    ),
    "market_of_a_pool_unknown": (
        sub("market.toml", "[shares.GM.markets.ETH]", "[shares.GM.markets.ETC]"),
        r"shares\.GM\.markets\.ETC is not an asset of market\.toml; expected 'ETH'",
    ),
    "side_without_entry": (
        sub("market.toml", "long_entry = 2_500\n", ""),
        r"shares\.GM\.markets\.ETH\.long_entry is missing; expected a price",
    ),
    "negative_side": (
        key("market.toml", "[shares.GM.markets.ETH]", "short_size", "-100"),
        r"shares\.GM\.markets\.ETH\.short_size is -100; expected open interest of 0 or more",
    ),
    "cap_in_percent": (
        key("market.toml", "[shares.GM.markets.ETH]", "long_cap", "90"),
        r"shares\.GM\.markets\.ETH\.long_cap is 90; expected a fraction",
    ),
    "cap_of_nothing": (
        sub("market.toml", 'long_backing = "ETH"\n', ""),
        r"long_cap is given without long_backing; expected both of them or none",
    ),
    "backing_that_is_not_there": (
        sub("market.toml", 'short_backing = "USDC"', 'short_backing = "BTC"'),
        r"short_backing is 'BTC', which the pool does not own",
    ),
}
