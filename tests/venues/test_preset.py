"""Presets hold the venue's published numbers; a rulebook overrides them or is refused by key."""

from __future__ import annotations

import copy
import csv
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.foundation.errors import InputError, MissingRule
from seawall.foundation.pricekind import PriceKind
from seawall.margin.frameworks import framework_of, margin_table
from seawall.venues.preset import list_presets, load_preset, require_rules, rulebook_from
from seawall.venues.rulebook import Rulebook, Tier

ROOT = Path(__file__).parents[2]


def preset(name: str) -> Rulebook:
    return rulebook_from({"preset": name}, file=f"{name}.toml")


def maintenance(tiers: tuple[Tier, ...], notional: float) -> float:
    """Notional x rate - deduction, the deduction being the sum of bound x step of the rate."""
    deduction, rate = 0.0, tiers[0].maintenance_rate
    for tier in tiers[1:]:
        if notional >= tier.lower_bound:
            deduction += tier.lower_bound * (tier.maintenance_rate - rate)
            rate = tier.maintenance_rate
    return notional * rate - deduction


def test_the_presets_and_their_origin() -> None:
    expected = {"aave_v3", "binance", "bitmex", "bybit", "deribit", "gmx_v2", "hyperliquid", "okx"}
    expected |= {"opyn_gamma", "perennial_v2", "synthetix_v3"}
    assert expected <= set(list_presets())
    for name in list_presets():
        rulebook = preset(name)
        assert len(rulebook.source) > 40
        assert rulebook.as_of.year in (2025, 2026)
        assert rulebook.needs
        assert "name" in load_preset(name)


@pytest.mark.parametrize("name", list_presets())
def test_every_preset_names_a_framework_that_reads_it(name: str) -> None:
    rulebook = preset(name)
    assert "framework" in load_preset(name), "the preset says which rule it is"
    assert framework_of(rulebook).read(rulebook, margin_table(rulebook)) is not None


@pytest.mark.parametrize(
    ("asset", "bounds", "leverages"),
    [
        ("BTC", (0, 150e6), (40, 20)),
        ("ETH", (0, 100e6), (25, 15)),
        ("SOL", (0, 70e6), (20, 10)),
        ("XRP", (0, 40e6), (20, 10)),
        ("DOGE", (0, 20e6), (10, 5)),
        ("OP", (0, 3e6), (10, 5)),
    ],
)
def test_hyperliquid_tiers_are_the_published_ones(
    asset: str, bounds: tuple[float, ...], leverages: tuple[float, ...]
) -> None:
    tiers = preset("hyperliquid").tiers[asset]
    assert tuple(tier.lower_bound for tier in tiers) == bounds
    assert tuple(tier.max_leverage for tier in tiers) == leverages
    assert all(tier.maintenance_rate == 0.5 / tier.max_leverage for tier in tiers)


def test_hyperliquid_maintenance_by_hand() -> None:
    tiers = preset("hyperliquid").tiers
    # SOL at 140M: 5% of it less 70M x (5% - 2.5%).
    assert maintenance(tiers["SOL"], 140e6) == pytest.approx(5_250_000.0, rel=1e-12)
    assert maintenance(tiers["OP"], 6e6) == pytest.approx(450_000.0, rel=1e-12)


def test_hyperliquid_engine() -> None:
    rulebook = preset("hyperliquid")
    assert rulebook.margin_price is PriceKind.MARK
    assert rulebook.default_tiers == (Tier(0.0, 3.0, 0.5 / 3.0),)
    assert rulebook.liquidation.partial_fraction == 0.2
    assert rulebook.liquidation.partial_above == 100_000.0
    assert rulebook.liquidation.cooldown_seconds == 30.0
    assert rulebook.liquidation.backstop_ratio == pytest.approx(2 / 3, abs=1e-15)
    assert rulebook.waterfall.layers == ("backstop", "adl")
    assert rulebook.waterfall.fund == 0.0
    assert "taker_fee" in rulebook.needs


def test_aave_by_hand() -> None:
    rulebook = preset("aave_v3")
    weth = rulebook.collateral["WETH"]
    assert (weth.loan_to_value, weth.liquidation_threshold) == (0.805, 0.83)
    assert weth.liquidation_bonus == 0.05  # 10500 basis points
    assert rulebook.liquidation.close_factor == 0.5
    assert rulebook.liquidation.full_below == 0.95
    assert rulebook.waterfall.layers == ("socialised",)
    assert {"feed.deviation", "feed.heartbeat_seconds", "feed.delay_seconds"} <= set(rulebook.needs)


def test_deribit_by_hand() -> None:
    margin = preset("deribit").option_margin
    assert margin is not None
    assert (margin.initial_base, margin.initial_floor, margin.maintenance_base) == (
        0.15,
        0.1,
        0.075,
    )
    # 25 BTC at an index of 100,000: the venue's own example, 53,125 and 28,125 USDC.
    size, index = 25.0, 100_000.0
    assert (margin.perp_initial + margin.perp_slope * size) * size * index == 53_125.0
    assert (margin.perp_maintenance + margin.perp_slope * size) * size * index == 28_125.0


def test_peer_values_of_hyperliquid() -> None:
    place = Path(os.environ.get("SEAWALL_PEER_CASES", ROOT.parent / "shared" / "peer-cases"))
    if not (place / "cex_docs.json").exists():
        pytest.skip("no peer cases: set SEAWALL_PEER_CASES")
    tiers = preset("hyperliquid").tiers
    names = {
        "hyperliquid-tiers-SOL": "SOL",
        "hyperliquid-tiers-XRP": "XRP",
        "hyperliquid-tiers-OP_group": "OP",
    }
    found = 0
    for case in json.loads((place / "cex_docs.json").read_text())["cases"]:
        if case["id"] in names:
            found += 1
            for notional, expected in zip(
                case["account"]["notionals"], case["expected"]["maintenance_margin"], strict=True
            ):
                mine = maintenance(tiers[names[case["id"]]], notional)
                assert mine == pytest.approx(expected, rel=1e-12)
    assert found == 3


def test_aave_numbers_are_those_of_the_data() -> None:
    place = Path(os.environ.get("SEAWALL_DATA", ROOT.parent / "shared" / "data"))
    file = place / "positions" / "aave_v3_params_ethereum.csv"
    if not file.exists():
        pytest.skip("no real data: set SEAWALL_DATA")
    with file.open() as stream:
        rows = {row["symbol"]: row for row in csv.DictReader(stream)}
    collateral = preset("aave_v3").collateral
    assert len(collateral) >= 15
    for symbol, entry in collateral.items():
        row = rows[symbol]
        assert entry.loan_to_value == int(row["baseLTVasCollateral"]) / 10_000
        assert entry.liquidation_threshold == int(row["reserveLiquidationThreshold"]) / 10_000
        bonus = (int(row["reserveLiquidationBonus"]) - 10_000) / 10_000
        assert entry.liquidation_bonus == pytest.approx(bonus, abs=1e-12)


def test_overrides_go_key_by_key_and_lists_whole() -> None:
    raw = {
        "preset": "hyperliquid",
        "source": "mine",
        "as_of": "2026-02-01",
        "taker_fee": 0.0004,
        "tiers": {"BTC": [{"lower_bound": 0, "max_leverage": 10}]},
        "liquidation": {"fee": 0.01},
        "waterfall": {"backstop": 5e6},
    }
    before = copy.deepcopy(raw)
    rulebook = rulebook_from(raw, file="rulebooks/mine.toml")
    assert raw == before
    assert rulebook.name == "mine"
    assert rulebook.source.startswith("mine; otherwise preset hyperliquid: ")
    assert rulebook.tiers["BTC"] == (Tier(0.0, 10.0, 0.05),)
    assert len(rulebook.tiers["ETH"]) == 2
    assert rulebook.liquidation.fee == 0.01
    assert rulebook.liquidation.cooldown_seconds == 30.0
    assert rulebook.waterfall.layers == ("backstop", "adl")
    assert rulebook.needs == ()
    require_rules(rulebook, raw, file="rulebooks/mine.toml")
    assert load_preset("hyperliquid")["tiers"]["BTC"][0]["max_leverage"] == 40  # type: ignore[index]


SUPPLIED = {
    "fee_to": "fund",
    "layers": ["fund"],
    "partial_fraction": 0.5,
    "default_tiers": [{"lower_bound": 0, "max_leverage": 10, "maintenance_rate": 0.01}],
    "markets": {},
}


@pytest.mark.parametrize("name", list_presets())
def test_each_need_is_refused_by_key_and_file_until_supplied(name: str) -> None:
    raw: dict[str, object] = {"preset": name}
    file = f"rulebooks/{name}.toml"
    for key in rulebook_from(raw, file=file).needs:
        with pytest.raises(MissingRule, match=rf"^{file}: .*{key}.*write"):
            require_rules(rulebook_from(raw, file=file), raw, file=file)
        *path, last = key.split(".")
        place = raw
        for part in path:
            place = place.setdefault(part, {})  # type: ignore[assignment]
        place[last] = SUPPLIED.get(last, 0.0)
    rulebook = rulebook_from(raw, file=file)
    assert rulebook.needs == ()
    require_rules(rulebook, raw, file=file)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"preset": "hyperlikid"}, "preset is 'hyperlikid'; expected 'hyperliquid'"),
        ({"preset": "aave_v3", "colateral": {}}, "colateral is not a known key.*'collateral'"),
        ({"preset": "aave_v3", "feed": {"heartbeat": 5}}, "feed.heartbeat is not.*heartbeat_sec"),
        ({"preset": "aave_v3", "liquidation": {"style": "Keeper"}}, "style is 'Keeper'.*'keeper'"),
        (
            {"preset": "aave_v3", "waterfall": {"fund": 5.0}},
            "fund has capital but is not",
        ),
        ({"preset": "aave_v3", "waterfall": {"layers": ["fund", "fund"]}}, "names a layer twice"),
        ({"preset": "hyperliquid", "taker_fee": 4.5}, "taker_fee is 4.5; expected a fraction"),
        ({"preset": "hyperliquid", "tiers": {"BTC": []}}, "tiers.BTC has no tiers"),
        ({"preset": "hyperliquid", "liquidation": 5}, "liquidation is 5; expected a table"),
        ({"preset": "hyperliquid", "margin_price": "last"}, "margin_price is 'last'"),
        ({"preset": "hyperliquid", "as_of": "soon"}, "as_of is 'soon'; expected a date"),
        ({"style": "x"}, "style is not a known key"),
        ({}, "source is missing"),
    ],
)
def test_what_is_wrong_is_named_by_key(raw: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=rf"^rulebooks/v\.toml: .*{words}"):
        rulebook_from(raw, file="rulebooks/v.toml")


def test_an_unknown_preset_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="no preset 'deribt'; expected 'deribit'"):
        load_preset("deribt")
    with pytest.raises(InputError, match="no preset"):
        load_preset("../presets/deribit")


@given(
    rates=st.lists(st.floats(0.001, 0.5), min_size=2, max_size=6),
    bounds=st.lists(st.floats(1.0, 1e9), min_size=5, max_size=5, unique=True),
)
def test_rates_that_fall_with_size_are_refused_and_only_those(
    rates: list[float], bounds: list[float]
) -> None:
    tiers = [
        {"lower_bound": bound, "max_leverage": 1.0, "maintenance_rate": rate}
        for bound, rate in zip([0.0, *sorted(bounds)], rates, strict=False)
    ]
    raw = {"preset": "hyperliquid", "tiers": {"BTC": tiers}}
    if rates == sorted(rates):
        assert len(rulebook_from(raw, file="v.toml").tiers["BTC"]) == len(rates)
    else:
        with pytest.raises(InputError, match=r"maintenance_rate falls from"):
            rulebook_from(raw, file="v.toml")
