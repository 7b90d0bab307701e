"""Where accounts hold options both pages say how they were bounded: "How it was computed"."""

from __future__ import annotations

import re
from html import unescape

from fake_result import fake_result

from seawall.report import foot, page
from seawall.report.terminal import closing


def closed(result: dict) -> str:
    """The last section of the terminal page, on one line."""
    return " ".join("".join(span.text for span in line).strip() for line in closing(result, 100))


def test_both_pages_say_how_options_were_bounded() -> None:
    result = fake_result()
    said = foot.option_bounds(result).strip()
    assert said.startswith("Options in accounts: no number is interpolated. ")
    assert "at most 0.61% above it on 287 sampled points" in said
    html = unescape(re.sub(r"<[^>]+>", "", page.render(result)))
    assert said in " ".join(html.split())
    short = "Options: not interpolated; tables at most 0.61% above their margin. "
    assert foot.option_bounds_short(result) == short
    assert short in closed(result)


def test_a_result_without_options_says_nothing() -> None:
    result = fake_result()
    del result["option_bounds"]
    assert foot.option_bounds(result) == foot.option_bounds_short(result) == ""
    assert "interpolated" not in closed(result)


def test_a_table_that_is_not_there_is_not_told() -> None:
    result = fake_result()
    result["option_bounds"]["accounts"][0]["tabled"] = False
    assert foot.option_bounds_short(result) == "Options: not interpolated. "
    assert "1 of the desks' accounts are priced at every step" in foot.option_bounds(result)
