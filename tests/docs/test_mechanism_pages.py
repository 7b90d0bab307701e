"""Every mechanism has a page of the site, with its limits, its keys and a figure."""

from __future__ import annotations

import math
import re
from dataclasses import fields
from xml.etree import ElementTree

import numpy as np
import pytest

from docsbuild import mechanisms
from docsbuild.figures import FIGURES
from docsbuild.prose import as_html, blocks, first_line
from docsbuild.svg import Figure, Series, draw, ticks

PAGES = mechanisms.pages()
NAMES = [page.module for page in PAGES]


def test_every_rule_of_every_slot_has_a_page() -> None:
    filled = {(slot, rule) for page in PAGES for slot, rule, _ in page.rules}
    all_rules = {(slot, rule) for slot, rule, _ in mechanisms.slot_rules()}
    assert all_rules - filled == {("failures", "failures")}  # the list of the kinds, a page each
    assert len({page.file for page in PAGES}) == len(PAGES) > 60


def test_every_page_has_a_figure_and_no_figure_is_without_a_page() -> None:
    assert set(FIGURES) == set(NAMES)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_a_page_says_what_when_it_is_wrong_and_every_key(page: mechanisms.Page) -> None:
    text = mechanisms.write(page)
    assert re.search(r"\b[Ww]rong\b", text), "the docstring does not say when it is wrong"
    assert "Source" in text
    for slot, _, cls in page.rules:
        assert f"[mechanisms.{slot}]" in text
        assert all(f"| `{field.name}` |" in text for field in fields(cls))
    for figure in re.findall(r'<figure class="sw-fig">.*?</figure>', text):
        drawn = ElementTree.fromstring(figure)
        assert not re.search(r"\b(?:nan|inf)\b", figure)
        assert len(drawn.find("svg").get("aria-label", "")) > 20  # type: ignore[union-attr]
    assert "sw-fig" in text


def test_docstrings_become_paragraphs_and_formulas_with_nothing_run() -> None:
    text = "Idea: a <b> rule.\n\n    f = a * b\n\nSource: me (2001). Wrong when ``x`` is."
    html = as_html(text)
    assert "<strong>Idea:</strong> a &lt;b&gt; rule." in html
    assert '<pre class="sw-formula"><code>f = a * b</code></pre>' in html
    assert "<p><strong>Source:</strong> me (2001).</p>" in html
    assert "<p><strong>Wrong when</strong> <code>x</code> is.</p>" in html
    assert [kind for kind, _ in blocks(text)] == ["text", "formula", "text"]
    assert first_line("One thing. And more.\n\nx") == "One thing"


def test_a_chart_puts_numbers_where_they_belong() -> None:
    chart = draw(Figure("t", "a chart", "x", "y", (Series("s", [0.0, 10.0], [0.0, 4.0]),)))
    path = re.search(r'class="line s0" d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"', chart)
    assert path is not None
    left, low, right, high = map(float, path.groups())
    assert (left, low) == (66.0, 294.0)  # the corner of the axes
    assert right == 704.0 and math.isclose(high, 34.0)
    assert ticks(0.0, 4.0).tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert ticks(1.0, 1.0).size > 1


def test_a_gap_in_a_row_is_a_gap_in_the_line() -> None:
    chart = draw(Figure("t", "gap", "x", "y", (Series("s", [0, 1, 2, 3], [1, np.nan, 1, 2]),)))
    assert re.search(r'class="line s0" d="M[\d. ]+M[\d. ]+L[\d. ]+"', chart)
