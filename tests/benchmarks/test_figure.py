"""The charts of the docs: every point where it belongs, names apart, ends labelled."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from figure import BOTTOM, LABEL_GAP, LEFT, RIGHT, TOP, Figure, svg

FIGURE = Figure(
    "Cost & growth",
    "accounts",
    "microseconds",
    {"ours": [(1_000, 1.0), (1_000_000, 10.0)], "theirs": [(1_000, 10.0), (1_000_000, 1_000.0)]},
)


def circles(text: str) -> list[tuple[float, float]]:
    return [(float(a), float(b)) for a, b in re.findall(r"cx='([\d.]+)' cy='([\d.]+)'", text)]


def test_points_stand_on_logarithmic_axes() -> None:
    text = svg(FIGURE)
    ElementTree.fromstring(text)  # well-formed, the ampersand too
    third = BOTTOM - (BOTTOM - TOP) / 3.0  # one of three powers of ten
    expected = [(LEFT, BOTTOM), (RIGHT, third), (LEFT, third), (RIGHT, TOP)]
    for got, want in zip(circles(text), expected, strict=True):
        assert got == pytest.approx(want, abs=0.06)


def test_ticks_are_short() -> None:
    texts = re.findall(r">([^<]+)</text>", svg(FIGURE))
    for label in (
        "1k",
        "10k",
        "100k",
        "1M",
        "1",
        "10",
        "100",
        "ours",
        "theirs",
        "Cost &amp; growth",
    ):
        assert label in texts


def test_names_at_one_place_are_moved_apart() -> None:
    same = {name: [(1.0, 5.0), (10.0, 5.0)] for name in ("a", "b", "c")}
    text = svg(Figure("t", "x", "y", same))
    heights = sorted(float(y) for y in re.findall(r"y='([\d.]+)'[^>]*>[abc]</text>", text))
    gaps = [b - a for a, b in pairwise(heights)]
    assert gaps == pytest.approx([LABEL_GAP, LABEL_GAP])
