"""Map, fan and grid on both pages: what is drawn lies where the number says."""

from __future__ import annotations

import copy
import re

import pytest
from fake_result import fake_result, without_desk

from seawall.report import drawn_words, page, terminal
from seawall.report.drawing import apart
from seawall.report.fan_chart import fan_chart
from seawall.report.map_chart import liquidation_chart
from seawall.report.parts_rows import part_rows, waterfall


def rects(svg: str) -> list[tuple[float, float, float, float, str]]:
    found = re.findall(
        r'<rect x="([\d.]+)%" y="([\d.]+)" width="([\d.]+)%" height="([\d.]+)" class="([\w-]+)"',
        svg,
    )
    return [(*map(float, row[:4]), row[4]) for row in found]


def test_bars_stand_in_their_price_step_and_are_as_high_as_their_notional() -> None:
    block = fake_result()["liquidation_map"]
    one = block["assets"]["SOL"] | {"own": None}
    drawn = rects(liquidation_chart("SOL", block["moves"], one))
    blue = [r for r in drawn if r[4] == "fill-blue"]
    orange = [r for r in drawn if r[4] == "fill-orange"]
    ink = [r for r in drawn if r[4] == "fill-ink"]
    assert len(blue) == len(orange) == 12
    assert len(ink) == 1
    assert all(x + width <= 50.0 + 1e-6 for x, _, width, _, _ in blue)
    assert all(x >= 50.0 for x, _, _, _, _ in orange)
    heights = [height for _, _, _, height, _ in blue + orange]
    assert heights == pytest.approx(
        [h * heights[8] / one["crowd"][8] for h in one["crowd"]], abs=0.11
    )
    # Its step 7 of 24 begins at 29.17%; the crowd's bar stands on the desk's.
    assert ink[0][0] == pytest.approx(100.0 * 7 / 24, abs=0.3)
    above = blue[7]
    assert above[1] + above[3] == pytest.approx(ink[0][1], abs=0.11)


def test_amplification_has_a_dot_for_each_shock_and_rises_with_it() -> None:
    block = fake_result()["liquidation_map"]
    svg = liquidation_chart("SOL", block["moves"], block["assets"]["SOL"] | {"own": -0.119})
    dots = re.findall(r'circle cx="([\d.]+)%" cy="([\d.]+)"', svg)
    places = {round(float(x), 1): float(y) for x, y in dots}
    assert set(places) == {16.7, 25.0, 33.3, 41.7}
    assert places[33.3] < places[25.0] < places[16.7] < places[41.7]  # 1.34, 1.33, 1.27, 1.23
    assert "1.34x at −10%" in svg
    assert "desk 104.31" in svg


def test_degenerate_maps_are_drawn() -> None:
    block = fake_result()["liquidation_map"]
    empty = block["assets"]["SOL"] | {"crowd": [0.0] * 24, "desk": [0.0] * 24, "own": None}
    for shocks in (
        [],
        [empty["shocks"][0] | {"ratio": 1.0}],
        [empty["shocks"][0] | {"ratio": 900.0}],
    ):
        svg = liquidation_chart("SOL", block["moves"], empty | {"shocks": shocks})
        assert "nan" not in svg and "inf" not in svg


def test_the_fan_ends_where_its_quantiles_do() -> None:
    fan = fake_result()["fan"]
    svg = fan_chart("SOL", fan, fan["assets"]["SOL"], 15_000.0)
    assert all(f"{row[-1]:.2f}" in svg for row in fan["assets"]["SOL"]["quantiles"])
    assert "perp-main liquidated at 104.31" in svg
    assert "remedy due" in svg
    assert svg.count("<polygon") == 6
    still = copy.deepcopy(fan["assets"]["SOL"])
    still["quantiles"] = [[5.0] * 13 for _ in still["quantiles"]]
    still |= {"without_orders": None, "liquidation": None}
    calm = fan | {"liquidated": [[0.0] * 13 for _ in range(7)]}
    drawn = fan_chart("SOL", calm, still, None)
    assert "nan" not in drawn
    assert "none up to 99% of paths" in drawn


def test_labels_keep_their_distance_and_stay_inside() -> None:
    assert apart([10.0, 11.0, 50.0], 14.0, 100.0) == [10.0, 24.0, 50.0]
    assert apart([98.0, 99.0, 20.0], 14.0, 100.0) == [86.0, 100.0, 20.0]


def test_a_map_says_what_reaches_the_desks_own_price() -> None:
    result = fake_result()
    # 11.9% away: five steps of 2.5%, the crowd's of which and the desk's 16.8M are summed.
    block = result["liquidation_map"]
    total = sum(block["assets"]["SOL"]["crowd"][7:12]) + 16.8e6
    words = drawn_words.map_finding(result, "SOL")
    assert words.startswith("A 12.5% fall of SOL liquidates ")
    assert drawn_words.up_to(block["moves"], block["assets"]["SOL"], -0.125) == (total, 16.8e6)
    assert words.endswith("of longs, the desk’s own among them")
    # BTC kills by its put, 16.7% away.
    assert drawn_words.map_finding(result, "BTC").startswith("A 17.5% fall of BTC")
    (turn,) = drawn_words.turning_words(block["assets"]["SOL"])
    assert turn.startswith("From -10% to -15% amplification falls from 1.34x to 1.33x: ")
    assert turn.endswith("closed against winners (ADL) instead of in the market.")


@pytest.mark.parametrize(
    ("down", "up", "said"),
    [(-2e6, 1e6, "prices fall 10%"), (1e6, -2e6, "prices rise 10%"),
     (-2e6, -1e6, "loses 1M or more when prices move"), (0.0, 0.0, "does not lose")],
)  # fmt: skip
def test_a_grid_says_which_way_the_desk_loses(down: float, up: float, said: str) -> None:
    result = fake_result()
    desk = result["pnl_grid"]["desks"][0]
    flat = desk["change"][2]
    flat[2], flat[6] = down, up
    assert said in drawn_words.grid_finding(result, desk)


def test_marked_cells_say_whose_margin_on_both_pages() -> None:
    html = page.render(fake_result())
    assert html.count('under-margin"') == 10  # two falls at five volatilities
    assert "below margin: harbour/perp-main" in html
    text = terminal.render_whole(fake_result(), 100)
    assert "* at liquidation there: harbour/perp-main" in text
    assert text.count("*") >= 10


def test_nothing_to_draw_leaves_no_trace() -> None:
    result = without_desk()
    text, html = terminal.render_whole(result, 100), page.render(result)
    for words in ("Liquidation map", "P&L of desk"):
        assert words not in text
    assert 'under-margin"' not in html.split("</style>")[1]
    public = {k: v for k, v in fake_result().items() if k not in ("fan", "pnl_grid")}
    assert "Liquidation map of SOL" in page.render(public)


def test_the_waterfall_has_the_limit_on_its_own_scale() -> None:
    found = part_rows(fake_result())
    assert found is not None
    drawn = waterfall(found[1], 0.02)
    at = {re.findall(r'x1="([\d.]+)%"[^>]*class="limit thin"', svg)[0] for svg in drawn}
    assert len(at) == 1
    total = rects(drawn[-1])[0]
    # The total's bar is 3.10 points wide and begins at zero.
    assert float(at.pop()) == pytest.approx(total[0] + total[2] * 0.02 / 0.031, abs=0.05)
    assert not any("limit" in svg for svg in waterfall(found[1], None))


@pytest.mark.parametrize(
    ("price", "said"),
    [
        (110.5, "In 5 to 25% of paths SOL is below"),
        (104.31, "The lowest 1% of SOL begins at 105.40"),
        (131.0, "In 1 to 5% of paths SOL is above"),
        (118.5, "In 25 to 50% of paths SOL is above"),
    ],
)
def test_a_fan_says_how_many_paths_end_beyond_the_liquidation_price(
    price: float, said: str
) -> None:
    # At sigma 5%: 1% 105.40, 5% 109.05, 25% 114.48, 75% 122.46, 95% 128.55, 99% 133.00 of 118.4.
    fan = fake_result()["fan"]
    fan["assets"]["SOL"]["liquidation"]["price"] = price
    assert drawn_words.fan_finding(fan, "SOL").startswith(said)
