"""The tail on both pages: every number from the result, what is missing said in words."""

from __future__ import annotations

import copy

import pytest
from fake_result import fake_result

from seawall.report import page, terminal
from seawall.report.columns import width_of

LEVELS = [0.95, 0.975, 0.99]


def row(method, **more):
    lists = {
        "value_at_risk": [1.1e6, 1.5e6, 2.2e6],
        "value_at_risk_low": [1.0e6, 1.3e6, 1.8e6],
        "value_at_risk_high": [1.2e6, 1.8e6, None],
        "expected_shortfall": [1.6e6, 2.1e6, None],
        "expected_shortfall_low": [1.4e6, 1.9e6, None],
        "expected_shortfall_high": [1.9e6, 2.6e6, None],
    }
    common = {"method": method, "observations": 400, "beyond": [20.0, 10.0, 4.0], "note": None}
    return {**common, **lists, **more}


def nothing(method):
    empty = {key: [None] * 3 for key in row(method) if isinstance(row(method)[key], list)}
    return {**row(method), **empty, "observations": 0, "beyond": None, "note": "no history <b>"}


def with_tail():
    result = copy.deepcopy(fake_result())
    normal = row("normal", beyond=None, exceeded=[0.06, 0.03, 0.02], power=[0.1, 0.2, 0.36])
    for key in ("value_at_risk", "expected_shortfall"):
        normal[f"{key}_low"] = normal[f"{key}_high"] = [None] * 3
    normal["expected_shortfall"] = [1.4e6, 1.7e6, 1.9e6]
    asset = {
        "asset": "HYPE",
        "exposure": 9.7e6,
        "volume_seconds": 69_120.0,
        "refill_seconds": 5_000.0,
        "horizon_seconds": 86_400.0,
        "exit_cost": 132e3,
        "exit_cost_stressed": 395e3,
        "spread_cost": None,
    }
    desk = {
        "owner": "harbour",
        "windows": None,
        "rows": [row("monte_carlo"), nothing("historical"), nothing("extreme_value"), normal],
        "by_horizon": [],
        "exit": {
            "assets": [asset],
            "liquidity_horizon_seconds": 86_400.0,
            "liquidity_horizon_var": [1.1e6, 1.5e6, 2.2e6],
            "liquidity_horizon_es": [1.6e6, 2.1e6, None],
            "exit_cost": 132e3,
            "exit_cost_stressed": 395e3,
            "liquidity_adjusted_var": [1.232e6, 1.632e6, 2.332e6],
            "liquidity_adjusted_var_stressed": [1.495e6, 1.895e6, 2.595e6],
            "spread_cost": None,
            "spread_unknown": ["HYPE"],
        },
    }
    result["tail"] = {
        "levels": LEVELS,
        "horizon_seconds": 86_400,
        "judged_periods": 250,
        "history": None,
        "desks": [desk],
    }
    for numbers in (result["system"], *result["system"]["venues"].values()):
        for key in ("value_at_risk", "liquidations_at_risk"):
            numbers[f"{key}_low"], numbers[f"{key}_high"] = 0.9 * numbers[key], None
    return result


def tail_of(text):
    return text[text.index("── Tail") : text.index("── How it was")]


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_no_line_of_the_section_is_wider_than_the_terminal(width):
    text = tail_of(terminal.render_whole(with_tail(), width=width))
    assert max(width_of(line) for line in text.splitlines()) <= width
    assert "Monte Carlo" in text and "VaR 95%" in text


def test_the_terminal_says_each_number_and_what_is_missing():
    text = " ".join(tail_of(terminal.render_whole(with_tail(), width=140)).split())
    assert "1.80 to ?" in text  # no path is high enough for an upper end
    assert "4 paths" in text  # too few for a shortfall
    assert "historical, extreme value: not known, no history <b>" in text
    assert "normal: 2.0% of paths lose more than its VaR 99%" in text
    assert "in 36% of samples (its power)" in text
    assert "HYPE takes longest, 0.80 days, within the horizon: nothing is added" in text
    assert "costs 132k, stressed 395k; liquidity-adjusted VaR 97.5% 1.63M, stressed 1.9M" in text
    assert "not known, market.toml states no spread of HYPE" in text
    whole = " ".join(terminal.render_whole(with_tail(), width=140).split())
    assert "95th percentile over paths of the insolvent amount" in whole


def test_an_exit_beyond_the_horizon_says_what_it_adds():
    result = with_tail()
    leave = result["tail"]["desks"][0]["exit"]
    leave["assets"][0]["volume_seconds"] = leave["liquidity_horizon_seconds"] = 345_600.0
    leave["liquidity_horizon_var"] = [2.2e6, 3.1e6, 4.4e6]
    leave["liquidity_horizon_es"] = [3.2e6, 4.25e6, None]
    text = " ".join(tail_of(terminal.render_whole(result, width=140)).split())
    assert "HYPE takes longest, 4.00 days; over that long VaR 97.5% 3.1M, ES 97.5% 4.25M" in text


def test_the_page_says_the_same_and_escapes_the_case():
    text = page.render(with_tail())
    assert "In 2.5% of paths the desk loses more than 1.5M" in text
    assert "no history &lt;b&gt;" in text and "no history <b>" not in text
    assert "Protocol value at risk and liquidations at risk" in text
    assert "1.80 to ?" in text


def test_results_without_the_block_have_no_section():
    text = terminal.render_whole(fake_result(), width=100)
    assert "── Tail" not in text
    assert "How much could it lose?" not in page.render(fake_result())
