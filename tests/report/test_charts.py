"""Charts: what is drawn lies where the number says."""

from __future__ import annotations

import re

import pytest

from seawall.report import charts


def point(seconds: float, p: float | None, **more: float | None) -> charts.Point:
    seen = more.pop("seen", 10)
    limit = more.pop("limit", None)
    ends = {"low": None, "high": None, "model_low": None, "model_high": None} | more
    return charts.Point(
        seconds, p, ends["low"], ends["high"], ends["model_low"], ends["model_high"], seen, limit
    )  # type: ignore[arg-type]


def dots(svg: str) -> list[tuple[float, float]]:
    return [
        (float(x), float(y)) for x, y in re.findall(r'circle cx="([\d.]+)%" cy="([\d.]+)"', svg)
    ]


def test_both_scales_of_the_curve_are_logarithmic() -> None:
    # Ratios 4 and 4 in time and 10 and 10 in probability: equal steps both ways.
    svg = charts.curve([point(3600, 0.001), point(14400, 0.01), point(57600, 0.1)], "desk:a")
    (x1, y1), (x2, y2), (x3, y3) = dots(svg)
    assert x2 - x1 == pytest.approx(x3 - x2, abs=0.02)
    assert y1 - y2 == pytest.approx(y2 - y3, abs=0.2)
    assert y1 > y2


def test_a_horizon_without_a_case_has_no_dot_but_its_bound() -> None:
    svg = charts.curve([point(3600, 0.0, seen=0, high=0.0004), point(7200, 0.01)], "desk:a")
    assert len(dots(svg)) == 1
    assert "&lt;0.04%" in svg


def test_curve_stands_degenerate_input() -> None:
    assert charts.curve([], "x") == ""
    assert charts.curve([point(3600, None)], "x") == ""
    for only in (point(3600, 1.0), point(3600, 1e-9), point(3600, 0.02, low=0.0, high=1.0)):
        assert "nan" not in charts.curve([only], "x")
    wide = [point(60 * 10**i, 10.0 ** (i - 12)) for i in range(12)]
    assert charts.curve(wide, "x").count('class="grid"') <= 9


def test_the_strip_is_linear_from_zero() -> None:
    low, high = (dots(charts.strip(point(1, p, limit=0.06), "DRE"))[0][0] for p in (0.01, 0.02))
    assert high - 1.5 == pytest.approx(2 * (low - 1.5), abs=0.05)


@pytest.mark.parametrize("value", [0.0, 1e-12, 1e-5, 0.5, 1.0, None])
def test_the_strip_stands_any_probability(value: float | None) -> None:
    assert "nan" not in charts.strip(point(1, value), "DRE")


def test_slices_are_as_wide_as_their_amounts_and_gains_left_of_zero() -> None:
    slices = [
        charts.Slice("a", 3.0, "blue", 1.5),
        charts.Slice("b", 1.0, "sky", 0.5),
        charts.Slice("k", -2.0, "verm", -1.0),
    ]
    svg = charts.stacked(slices, 2.0)
    boxes = re.findall(r'rect x="([\d.]+)%" y="34.0" width="([\d.]+)%"', svg)
    (ax, aw), (bx, bw), (kx, kw) = ((float(x), float(w)) for x, w in boxes)
    assert aw == pytest.approx(3 * bw, rel=1e-3)
    assert kw == pytest.approx(2 * bw, rel=1e-3)
    assert kx + kw == pytest.approx(ax, abs=0.02)
    assert ax + aw == pytest.approx(bx, abs=0.02)
    assert charts.stacked([], 0.0) == ""


def test_names_are_escaped_in_drawings() -> None:
    assert "<b>" not in charts.curve([point(60, 0.1)], "<b>")
    assert "<b>" not in charts.stacked([charts.Slice("<b>", 1.0, "blue", 1.0)], 1.0)
