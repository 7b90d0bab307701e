"""The numbers of the exchanges' presets against figures that the venues publish themselves."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from seawall.margin.tiered.lines import maintenance_of, schedule
from seawall.venues.preset import list_presets, load_preset, rulebook_from
from seawall.venues.rulebook import PerpMargin, Rulebook

PEERS = Path(
    os.environ.get("SEAWALL_PEER_CASES") or Path(__file__).parents[2] / "../shared/peer-cases"
)


def preset(name: str) -> Rulebook:
    return rulebook_from({"preset": name}, file=f"{name}.toml")


def test_bybit_deductions_are_those_that_the_venue_publishes() -> None:
    published = [0, 1_200, 3_020, 4_300, 5_820, 8_460, 15_460, 20_500, 46_000, 66_000]
    published += [80_000, 160_000, 300_000, 452_000, 502_000, 777_000, 837_000, 967_000]
    published += [1_107_000, 1_482_000]
    _, cuts = schedule(preset("bybit").tiers["BTC"])
    assert cuts == pytest.approx(published, abs=1e-6)


def test_binance_deductions_are_those_that_the_venue_sends() -> None:
    """The field "cum" of the same answer, for BTC and ETH; the tiers hold only rates and bounds."""
    btc = [0, 300, 1_500, 12_000, 132_000, 482_000, 2_982_000, 14_482_000, 26_482_000]
    btc += [41_482_000, 121_482_000, 421_482_000]
    eth = [0, 300, 1_500, 12_000, 132_000, 382_000, 2_007_000, 9_507_000, 17_507_000]
    eth += [27_507_000, 80_507_000, 280_507_000]
    tiers = preset("binance").tiers
    assert schedule(tiers["BTC"])[1] == pytest.approx(btc, abs=1e-6)
    assert schedule(tiers["ETH"])[1] == pytest.approx(eth, abs=1e-6)


def test_binance_has_its_coins_from_low_to_high_rates() -> None:
    tiers = preset("binance").tiers
    assert len(tiers) == 86
    for name, table in tiers.items():
        assert 6 <= len(table) <= 12, name
        assert table[-1].max_leverage == 1.0 and table[-1].maintenance_rate == 0.5, name
        assert table[0].maintenance_rate <= 0.05, name
    # 1 m of BTC: 0.65% less 1,500.
    assert maintenance_of(tiers["BTC"], np.array([1e6])) == pytest.approx([5_000.0])


def test_bitmex_is_margined_in_coin_up_to_a_risk_limit_of_650() -> None:
    """The venue's table: < 200, 350, 500 and 650 XBT; both rates rise by 0.5% a step."""
    rulebook = preset("bitmex")
    tiers = rulebook.coin_tiers["BTC"]
    assert [t.lower_bound for t in tiers] == [0.0, 200.0, 350.0, 500.0]
    assert [t.maintenance_rate for t in tiers] == [0.005, 0.01, 0.015, 0.02]
    assert [1 / t.max_leverage for t in tiers] == pytest.approx([0.01, 0.015, 0.02, 0.025])
    assert tiers[-1].upper_bound == 650.0 and rulebook.tier_form == "whole"
    assert rulebook.tiers == {} and rulebook.margin["inverse_tiers"] == "coin"


def test_the_form_of_the_tiers_is_the_venues() -> None:
    whole = {name for name in list_presets() if preset(name).tier_form == "whole"}
    assert whole == {"bitmex", "okx"}


def test_deribit_perpetuals_have_numbers_of_their_own() -> None:
    margin = preset("deribit").option_margin
    assert margin is not None
    assert margin.perp("SOL") == PerpMargin(0.04, 0.02, 5e-6)
    assert margin.perp("ETH") == PerpMargin(0.02, 0.01, 4e-6)
    assert margin.perp("BTC") == PerpMargin(0.02, 0.01, 5e-5)


@pytest.mark.parametrize("name", list_presets())
def test_each_need_says_in_words_what_it_is(name: str) -> None:
    needs = load_preset(name).get("needs", {})
    assert isinstance(needs, dict)
    for key, words in needs.items():
        assert isinstance(words, str) and len(words) > 10, key


def test_binance_eth_brackets_differ_from_the_peers_only_where_the_venue_changed_them() -> None:
    """The peers' ETH table is of 2024: from 12 m on nothing has moved since but the deductions."""
    if not (PEERS / "cex_docs.json").exists():
        pytest.skip("no peer cases: set SEAWALL_PEER_CASES")
    cases = json.loads((PEERS / "cex_docs.json").read_text("utf-8"))["cases"]
    (case,) = [c for c in cases if c["id"] == "cex-binance-cum-ETH"]
    rows = case["parameters"]["tiers[min,max,mmr,max_leverage]"]
    mine = preset("binance").tiers["ETH"]
    assert len(rows) == len(mine)
    for row, tier in zip(rows[3:], mine[3:], strict=True):
        assert (row[0], row[3], row[2]) == (
            tier.lower_bound,
            tier.max_leverage,
            tier.maintenance_rate,
        )
