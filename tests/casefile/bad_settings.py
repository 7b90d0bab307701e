"""Bad settings: market, case, rulebooks, limits, crowd; and what each refusal has to say."""

from __future__ import annotations

from mutations import (
    Refusals,
    add,
    key,
    sub,
)

BAD_SETTINGS: Refusals = {
    # market.toml
    "no_implied_volatility": (
        sub("market.toml", "implied_volatility =", "#"),
        r"market\.toml, row \d+: instruments\.BTC-27FEB26-76000-P\.implied_volatility is missing",
    ),
    "volatility_in_percent": (
        key("market.toml", "[assets.BTC]", "volatility", "50"),
        r"market\.toml, row 24: assets\.BTC\.volatility is 50; .*0\.55 means 55%",
    ),
    "implied_in_percent": (
        key("market.toml", "76000-P]", "implied_volatility", "54"),
        r"implied_volatility is 54; .*0\.55 means 55%",
    ),
    "negative_depth": (
        key("market.toml", "[assets.BTC]", "depth", "-9e9"),
        r"market\.toml, row 26: assets\.BTC\.depth is -9000000000\.0; expected an amount above 0",
    ),
    "infinite_depth": (key("market.toml", "[assets.BTC]", "depth", "inf"), r"assets\.BTC\.depth"),
    "negative_spot": (
        key("market.toml", "[assets.BTC]", "spot", "-84_000.0"),
        r"market\.toml, row 23: assets\.BTC\.spot is -84000\.0; expected a price above 0",
    ),
    "text_for_spot": (
        key("market.toml", "[assets.BTC]", "spot", '"84000"'),
        r"assets\.BTC\.spot is '84000', not a number",
    ),
    "truth_for_spot": (
        key("market.toml", "[assets.BTC]", "spot", "true"),
        r"assets\.BTC\.spot is True, not a number",
    ),
    "endless_number": (key("market.toml", "[assets.BTC]", "spot", "9" * 5000), r"market\.toml"),
    "large_whole_number": (
        key("market.toml", "[assets.BTC]", "spot", "9" * 400),
        r"assets\.BTC\.spot",
    ),
    "rate_in_percent": (
        key("market.toml", "[instruments.BTC-PERP]", "funding_rate", "11"),
        r"instruments\.BTC-PERP\.funding_rate is 11; expected an annual fraction",
    ),
    "borrow_rate_in_percent": (
        key("market.toml", "[assets.USDT]", "borrow_rate", "65"),
        r"assets\.USDT\.borrow_rate is 65",
    ),
    "premium_for_forward": (
        key("market.toml", "76000-P]", "mark", "0.02"),
        r"instruments\.BTC-27FEB26-76000-P\.mark is 0\.02 .*the forward",
    ),
    "open_interest_in_millions": (
        key("market.toml", "[instruments.SOL-PERP]", "open_interest", "5.46"),
        r"instruments\.SOL-PERP\.open_interest is 5\.46, less than the \d+",
    ),
    "unknown_instrument_in_market": (
        sub("market.toml", "[instruments.SOL-PERP]", "[instruments.SOL-PEPR]"),
        r"instruments\.SOL-PEPR is not in the instruments table; expected 'SOL-PERP'",
    ),
    "unknown_key_in_asset": (
        sub("market.toml", "daily_volume =", "daily_volum ="),
        r"market\.toml, row 11: assets\.USDC\.daily_volum is not a known key; .*'daily_volume'",
    ),
    "impossible_correlations": (
        key("market.toml", "[correlation]", "BTC.ETH", "-0.84"),
        r"market\.toml, row \d+: correlation is not a possible set of correlations",
    ),
    "correlation_above_one": (
        key("market.toml", "[correlation]", "BTC.ETH", "84"),
        r"correlation\.BTC\.ETH is 84; expected a correlation from -1 to 1",
    ),
    "correlation_twice": (
        sub("market.toml", "ETH.SOL =", "ETH.BTC ="),
        r"correlation gives ETH and BTC twice",
    ),
    "correlation_of_unknown": (
        sub("market.toml", "BTC.ETH =", "BTC.ETC ="),
        r"correlation names 'ETC'; expected 'ETH'",
    ),
    "unknown_model": (
        sub("market.toml", '"jump_diffusion"', '"jumpdiffusion"'),
        r"scenario\.model is 'jumpdiffusion'; expected 'jump_diffusion'",
    ),
    "branching_above_one": (
        key("market.toml", "[scenario]", "branching_ratio", "1.2"),
        r"scenario\.branching_ratio is 1\.2",
    ),
    "block_of_unknown_venue": (
        sub("market.toml", "sextant =", "sextent ="),
        r"block_seconds\.sextent is not a known key; expected 'sextant'",
    ),
    "market_without_time": (
        sub("market.toml", "as_of = 2026-01-30T16:00:00Z", ""),
        r"market\.toml: as_of is missing",
    ),
    # case.toml
    "misspelt_key": (
        sub("case.toml", "step_seconds", "step_second"),
        r"case\.toml, row 8: step_second is not a known key; expected 'step_seconds'",
    ),
    "invalid_toml": (
        sub("case.toml", 'name = "harbour"', "name = harbour"),
        r"case\.toml, row 5: is not valid TOML",
    ),
    "deep_toml": (add("case.toml", "x = " + "[" * 20_000), r"case\.toml"),
    "unknown_schema": (
        sub("case.toml", "seawall/case/1", "seawall/case/7"),
        r"case\.toml, row 4: schema is 'seawall/case/7'; expected 'seawall/case/1'",
    ),
    "time_without_zone": (
        sub("case.toml", "16:00:00Z", "16:00:00"),
        r"case\.toml, row 6: as_of is 2026-01-30T16:00:00, which has no time zone",
    ),
    "time_not_utc": (
        sub("case.toml", "16:00:00Z", "16:00:00+01:00"),
        r"case\.toml, row 6: as_of is .*, which is not UTC",
    ),
    "unknown_quote": (
        sub("case.toml", 'quote = "USDC"', 'quote = "USD"'),
        r"case\.toml, row 7: quote is 'USD', not an asset of market\.toml; expected 'USD[CT]'",
    ),
    "quote_not_one": (
        sub("case.toml", 'quote = "USDC"', 'quote = "ETH"'),
        r"market\.toml, row \d+: assets\.ETH\.spot is 2760 for the quote currency; expected 1",
    ),
    "zero_step": (
        key("case.toml", "", "step_seconds", "0"),
        r"case\.toml, row 8: step_seconds is 0",
    ),
    # rulebooks
    "unknown_rule_key": (
        sub("rulebooks/meridian.toml", "[waterfall]", "[waterfal]"),
        r"rulebooks/meridian\.toml, row \d+: waterfal is not a known key; expected 'waterfall'",
    ),
    "unknown_rule_in_table": (
        sub("rulebooks/causeway.toml", "gas =", "gass ="),
        r"rulebooks/causeway\.toml, row \d+: liquidation\.gass is not a known key; .*'gas'",
    ),
    "threshold_in_percent": (
        sub(
            "rulebooks/causeway.toml", "liquidation_threshold = 0.83", "liquidation_threshold = 83"
        ),
        r"rulebooks/causeway\.toml, row 9: collateral\.ETH\.liquidation_threshold is 83",
    ),
    "bonus_in_basis_points": (
        sub("rulebooks/causeway.toml", "liquidation_bonus = 0.05", "liquidation_bonus = 10500"),
        r"collateral\.ETH\.liquidation_bonus is 10500; .*10500 basis points is 0\.05",
    ),
    "rates_that_fall": (
        sub("rulebooks/meridian.toml", "max_leverage = 5 }", "max_leverage = 20 }"),
        r"rulebooks/meridian\.toml, row \d+: tiers\.HYPE\[2\]\.maintenance_rate falls",
    ),
    "unknown_preset": (
        sub("rulebooks/meridian.toml", '"hyperliquid"', '"hyperliqid"'),
        r"rulebooks/meridian\.toml, row 3: preset is 'hyperliqid'; expected 'hyperliquid'",
    ),
    "unknown_asset_in_rulebook": (
        sub("rulebooks/causeway.toml", "[collateral.BTC]", "[collateral.BTX]"),
        r"rulebooks/causeway\.toml, row \d+: collateral\.BTX is not an asset of market\.toml",
    ),
    "unknown_layer": (
        sub("rulebooks/sextant.toml", '["fund", "socialised"]', '["fund", "socialized"]'),
        r"waterfall\.layers holds 'socialized'; expected 'socialised'",
    ),
    # limits and crowd
    "unknown_measure": (
        sub("limits.toml", 'measure = "dre"', 'measure = "dree"'),
        r"limits\.toml, row 4: limit\[1\]\.measure is 'dree'; expected 'dre'",
    ),
    "unknown_scope": (
        sub("limits.toml", 'scope = "venue:meridian"', 'scope = "venue:meridan"'),
        r"limits\.toml, row \d+: limit\[6\]\.scope is 'venue:meridan'; expected 'venue:meridian'",
    ),
    "limit_in_percent": (
        key("limits.toml", "", "maximum", "2"),
        r"limits\.toml, row 6: limit\[1\]\.maximum is 2; expected a fraction",
    ),
    "horizon_without_unit": (
        sub("limits.toml", 'horizon = "24h"', "horizon = 24"),
        r"limits\.toml, row 7: limit\[1\]\.horizon is 24",
    ),
    "shares_above_one": (
        sub("crowd.toml", "wstETH = 0.", "wstETH = 0.9"),
        r"crowd\.toml, row \d+: crowd\[2\]\.collateral_mix adds up to 1\.",
    ),
    "weight_above_one": (
        key("crowd.toml", "[crowd.long_share]", "BTC-PERP", "54"),
        r"crowd\.toml, row \d+: crowd\[1\]\.long_share\.BTC-PERP is 54",
    ),
    "crowd_on_unknown_venue": (
        sub("crowd.toml", 'venue = "meridian"', 'venue = "meridiam"'),
        r"crowd\.toml, row 3: crowd\[1\]\.venue is 'meridiam'; expected 'meridian'",
    ),
    "crowd_without_base": (
        sub("crowd.toml", "base =", "bass ="),
        r"crowd\.toml, row \d+: crowd\[1\]\.leverage\.bass is not a known key; expected 'base'",
    ),
    "half_an_account": (
        sub("crowd.toml", "accounts = 10", "accounts = 10.5"),
        r"crowd\.toml, row 5: crowd\[1\]\.accounts is 10\.5; expected a whole number",
    ),
}
