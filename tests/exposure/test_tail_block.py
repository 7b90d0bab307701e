"""`tail` of a checked Case: its shape, the closed form of a linear book, scale, bits, limits."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from result_shape import Maybe, faults, fraction, number, one_of, text, utc, whole
from scipy import stats
from tail_cases import DAY, linear_case, row, with_history
from tiny_cases import INFINITE

from seawall.case import Limit
from seawall.casefile import load_case, sample_case, save_case
from seawall.exposure import check
from seawall.foundation.errors import InputError
from seawall.mechanism.fuzz.scaled import scaled
from seawall.report import jsonfile
from seawall.report.verdict import verdict

LISTS = {
    f"{name}{end}": [Maybe(number)]
    for name in ("value_at_risk", "expected_shortfall")
    for end in ("", "_low", "_high")
}
ROW = {
    **LISTS,
    "method": one_of("monte_carlo", "historical", "filtered_historical", "extreme_value", "normal"),
    "observations": whole,
    "beyond": Maybe([number]),
    "note": Maybe(text),
}
OWN = {
    "extreme_value": {
        "threshold": number,
        "excesses": whole,
        **dict.fromkeys(("shape", "shape_low", "shape_high"), number),
    },
    "normal": {"exceeded": [fraction], "power": [fraction]},
}
COSTS = dict.fromkeys(("exit_cost", "exit_cost_stressed", "spread_cost"), Maybe(number))
TIMES = ("exposure", "volume_seconds", "refill_seconds", "horizon_seconds")
OVER_LEVELS = (
    *("liquidity_horizon_var", "liquidity_horizon_es"),
    *("liquidity_adjusted_var", "liquidity_adjusted_var_stressed"),
)
DESK = {
    "owner": text,
    "windows": Maybe({"seconds": number, "count": whole, "independent": whole, "stretch": number}),
    "rows": lambda rows: isinstance(rows, list),
    "by_horizon": [{"horizon_seconds": number, **LISTS}],
    "exit": {
        "assets": [{"asset": text, **dict.fromkeys(TIMES, number), **COSTS}],
        "liquidity_horizon_seconds": number,
        **{key: [Maybe(number)] for key in OVER_LEVELS},
        **COSTS,
        "spread_unknown": [text],
    },
}
TAIL = {
    "levels": [fraction],
    "horizon_seconds": number,
    "judged_periods": whole,
    "history": Maybe({"file": text, "bar_seconds": number, "first": utc, "last": utc}),
    "desks": [DESK],
}


def wrong(result):
    """Sentences on what does not fit, rows included."""
    found = faults(result["tail"], TAIL, "tail")
    for desk in result["tail"]["desks"]:
        for one in desk["rows"]:
            own = OWN.get(one["method"], {}) if one["note"] is None else {}
            found += faults(one, {**ROW, **own}, one["method"])
    return found


def days(seed=3, count=400, bend=0.03):
    """Daily prices that end at 100."""
    logs = np.cumsum(np.random.default_rng(seed).standard_t(4.0, count) * bend)
    return (100.0 * np.exp(logs - logs[-1])).tolist()


def test_the_block_has_its_shape_with_a_history_and_without():
    for case in (linear_case(), with_history(linear_case(), BTC=days())):
        result = json.loads(jsonfile.dumps(check(case, horizon_seconds=DAY, paths=30)))
        assert wrong(result) == []
    assert row(result, "extreme_value")["note"] is None
    # The walk can find fault.
    del result["tail"]["desks"][0]["exit"]["assets"][0]["exposure"]
    assert wrong(result) == ["tail.desks[0].exit.assets[0].exposure is missing"]


def test_a_case_without_a_desk_has_no_desk_in_its_tail():
    case = replace(sample_case(crowd=20), limits=())
    owners = tuple("x" for _ in case.book.account_owner)
    kinds = tuple(
        type(kind).CROWD if kind is type(kind).DESK else kind for kind in case.book.account_kind
    )
    book = replace(case.book, account_owner=owners, account_kind=kinds)
    assert check(replace(case, book=book), horizon_seconds=3_600.0, paths=2)["tail"]["desks"] == []


def truth(level, volatility=0.6, days_=1.0):
    """VaR and ES of one coin long at 100 after a day of a log-normal price without drift."""
    sigma = volatility * math.sqrt(days_ / 365.0)
    z = stats.norm.ppf(1.0 - level)
    at_risk = 100.0 * (1.0 - math.exp(-0.5 * sigma**2 + sigma * z))
    # E[S; S < q] = 100 N(z - sigma).
    return at_risk, 100.0 * (1.0 - stats.norm.cdf(z - sigma) / (1.0 - level))


def test_a_linear_book_under_a_diffusion_has_the_closed_forms_tail():
    result = check(linear_case(), horizon_seconds=DAY, paths=6_000)
    found = row(result, "monte_carlo")
    for i, level in enumerate(result["tail"]["levels"]):
        at_risk, shortfall = truth(level)
        assert found["value_at_risk"][i] == pytest.approx(at_risk, rel=0.05)
        assert found["expected_shortfall"][i] == pytest.approx(shortfall, rel=0.05)
    # Normal by the book's delta: the straight line of the same law, a little larger on a long.
    assert row(result, "normal")["value_at_risk"][2] > truth(0.99)[0]
    assert row(result, "normal")["power"][2] < 0.2


@pytest.mark.slow
def test_the_closed_form_lies_in_the_interval_as_often_as_it_says():
    # Predicted: VaR 95 to 97.5%, ES 93.5 to 96.5%; 400 seeds have two standard errors of 2.2.
    seeds, held = 400, np.zeros((2, 3))
    for seed in range(seeds):
        result = check(linear_case(), horizon_seconds=DAY, paths=1_000, seed=seed)
        found = row(result, "monte_carlo")
        for i, level in enumerate(result["tail"]["levels"]):
            for j, key in enumerate(("value_at_risk", "expected_shortfall")):
                low, high = found[f"{key}_low"][i], found[f"{key}_high"][i]
                held[j, i] += low <= truth(level)[j] <= (INFINITE if high is None else high)
    print("coverage through check, VaR:", held[0] / seeds, "ES:", held[1] / seeds)
    assert np.all(held[0] / seeds >= 0.925)
    assert np.all((held[1] / seeds >= 0.91) & (held[1] / seeds <= 0.985))


def test_money_scales_the_tail_and_nothing_else():
    # L7: sizes, depth, volumes by 8 (a power of two: the same bits but for the walk's exit times).
    case = linear_case(depth=1e6, daily_volume=1e4)
    one = check(case, horizon_seconds=DAY, paths=400)
    eight = check(scaled(case, 8.0), horizon_seconds=DAY, paths=400)
    for key in ("value_at_risk", "expected_shortfall", "value_at_risk_low"):
        small, large = row(one, "monte_carlo")[key], row(eight, "monte_carlo")[key]
        # At 99% four paths are too few for a shortfall, at either scale.
        assert [x is None for x in small] == [x is None for x in large]
        assert [8.0 * x for x in small[:2]] == pytest.approx(large[:2], rel=1e-12)
    mine, other = (r["tail"]["desks"][0]["exit"] for r in (one, eight))
    assert 8.0 * mine["exit_cost"] == pytest.approx(other["exit_cost"], rel=1e-6)
    assert mine["assets"][0]["volume_seconds"] == pytest.approx(
        other["assets"][0]["volume_seconds"], rel=1e-9
    )


def test_the_same_question_has_the_same_bytes_and_a_history_changes_no_other_block():
    case = with_history(linear_case(), BTC=days())
    one, two = (jsonfile.dumps(check(case, horizon_seconds=DAY, paths=40)) for _ in range(2))
    assert one == two
    with_it, without = json.loads(one), check(linear_case(), horizon_seconds=DAY, paths=40)
    with_it["tail"] = without["tail"]
    assert with_it == json.loads(jsonfile.dumps(without))


@pytest.mark.parametrize(
    ("measure", "method", "key", "place"),
    [("var_95", 0, "value_at_risk", 0), ("es_95", 0, "expected_shortfall", 0)],
)
def test_a_limit_on_a_tail_reads_the_number_that_is_printed(measure, method, key, place):
    plain = check(linear_case(), horizon_seconds=DAY, paths=400)
    value = plain["tail"]["desks"][0]["rows"][method][key][place]
    for share, state in ((0.99, 2), (1.01, 0)):
        bound = Limit("tail", measure, "desk:me", share * value, DAY)
        result = check(replace(linear_case(), limits=(bound,)), horizon_seconds=DAY, paths=400)
        assert result["limits"][0]["value"] == value
        assert result["limits"][0]["breached"] == (state == 2)
        assert verdict(result).exit_code == state


def test_a_limit_on_a_shortfall_of_too_few_paths_has_no_value():
    bound = Limit("tail", "es_99", "desk:me", 1e-9, DAY)
    result = check(replace(linear_case(), limits=(bound,)), horizon_seconds=DAY, paths=400)
    assert (result["limits"][0]["value"], result["limits"][0]["breached"]) == (None, False)
    wrong_scope = Limit("tail", "var_99", "protocol", 1.0, DAY)
    with pytest.raises(InputError, match="scope 'protocol'"):
        check(replace(linear_case(), limits=(wrong_scope,)), horizon_seconds=DAY, paths=4)


def test_a_history_of_its_own_is_read_hashed_and_saved(tmp_path):
    case = with_history(linear_case(), BTC=days(count=5))
    assets = {
        name: replace(state, depth=1e9, daily_volume=1e8, spread=0.001 if name == "BTC" else None)
        for name, state in case.market.assets.items()
    }
    save_case(replace(case, market=replace(case.market, assets=assets)), tmp_path / "saved")
    again = load_case(tmp_path / "saved")
    assert again.market.history == "days.csv"
    assert "days.csv" in again.files
    assert again.market.assets["BTC"].spread == 0.001
    assert again.market.assets["USD"].spread is None
    assert again.market.histories["days.csv"].price[:, 0] == pytest.approx(days(count=5))


def test_protocol_value_at_risk_has_an_interval():
    result = check(sample_case(crowd=50), horizon_seconds=3_600.0, paths=60)
    for numbers in (result["system"], *result["system"]["venues"].values()):
        for key in ("value_at_risk", "liquidations_at_risk"):
            assert numbers[f"{key}_low"] <= numbers[key]
            high = numbers[f"{key}_high"]
            assert high is None or numbers[key] <= high
