"""What changed, on both pages: the sentence, rows that move a path, and nothing without --since."""

from __future__ import annotations

from typing import Any

import pytest
from fake_result import fake_result

from seawall.exposure.since.words import sentence
from seawall.report import page, terminal


def driver(name: str, part: float, kind: str = "crowd", **more: Any) -> dict[str, Any]:
    """A row of the block."""
    row = {"driver": kind, "kind": kind, "assets": [], "name": name, "was": None, "now": None}
    tail = {"tail": part * 1e7, "tail_low": part * 9e6, "tail_high": part * 2e7}
    return row | {"part": part, "low": part - 0.004, "high": part + 0.004} | tail | more


def with_since(drivers: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """The fake result with a block of these drivers: DRE 1.88 to 3.10%."""
    result = fake_result()
    when = {"name": "harbour", "as_of": "2026-01-29T16:00:00Z", "hash": "0" * 64}
    result["since_last"] = {
        "before": when,
        "after": when | {"as_of": "2026-01-30T16:00:00Z"},
        "seconds": 86400.0,
        "step_seconds": 300.0,
        "step_seconds_before": 300.0,
        "scope": "desk:harbour",
        "horizon_seconds": 86400.0,
        "paths": 400,
        "method": "exact" if len(drivers) <= 5 else "two orders",
        "hybrids": 32,
        "dre_before": {"probability": 0.0188, "low": 0.015, "high": 0.023},
        "dre_after": {"probability": 0.031, "low": 0.0278, "high": 0.0346},
        "before_recorded": 0.019,
        "tail_paths": 10,
        "tail_before": 1.66e6,
        "tail_after": 1.78e6,
        "change": {
            "part": 0.0122,
            "low": 0.004,
            "high": 0.02,
            "tail": 1.2e5,
            "tail_low": 1e5,
            "tail_high": 2e5,
        },
        "drivers": drivers,
        "sentence": "DRE 1.88 to 3.10%: SOL price +0.56, SOL vol +0.38.",
    } | more
    result["assumptions"] = [*result["assumptions"], "A17"]
    return result


MANY = [
    driver("SOL price", 0.0056, "spot", assets=["SOL"], was=118.4, now=104.3),
    driver("SOL vol", 0.0038, "volatility", assets=["SOL"], was=0.7, now=0.92),
    driver("SOL position", 0.0027, "positions", assets=["SOL"], was=120_000.0, now=142_000.0),
    driver("HYPE depth", 0.0015, "depth", assets=["HYPE"], was=60e6, now=41e6),
    driver("crowd", -0.0014),
    driver("rulebooks", 0.0),
]


@pytest.mark.parametrize("width", [100, 80, 40])
def test_the_terminal_says_what_changed(width: int) -> None:
    """The sentence, each driver that moves a path, the total, how it was made."""
    text = terminal.render(with_since(MANY), width=width)
    assert all(len(line) <= width for line in text.splitlines())
    joined = " ".join(text.split())
    assert "Since 2026-01-29 16:00 UTC" in joined
    assert "DRE 1.88 to 3.10%: SOL price +0.56" in joined
    assert "-0.14" in joined
    assert "+1.22" in joined
    assert "The earlier report said 1.90%" in joined
    assert "+56k" in joined
    if width == 100:
        row = next(line for line in text.splitlines() if line.strip().startswith("SOL price"))
        assert "50.4k to 112k" in row, "the interval of the worst losses"
    assert "1 other change moves neither DRE nor the worst losses" in joined


def test_what_was_and_is_stands_beside_a_driver() -> None:
    """Prices, volatility and money each in their own form."""
    text = terminal.render(with_since(MANY), width=100)
    row = next(line for line in text.splitlines() if line.strip().startswith("SOL vol"))
    assert "70.0%" in row
    assert "92.0%" in row


def test_another_step_is_said() -> None:
    """What was run in other steps than its own Case has is no plain comparison."""
    result = with_since(MANY, step_seconds_before=60.0)
    text = " ".join(terminal.render(result, width=100).split())
    said = "Both run in steps of 300 s; the earlier Case itself has steps of 60 s"
    assert said in text
    assert said in page.render(result)
    assert "steps of 60 s" not in page.render(with_since(MANY))


def test_smaller_drivers_share_a_row() -> None:
    """Twelve drivers: nine, and the other three in one, with their sum."""
    rows = [driver(f"D{n} depth", 0.012 - 0.001 * n, "depth") for n in range(12)]
    text = terminal.render(with_since(rows), width=100)
    row = next(line for line in text.splitlines() if "3 smaller drivers" in line)
    assert "+0.60" in row


def test_drivers_that_move_no_path_are_not_counted_in_the_sentence() -> None:
    """Two small ones move some paths, one moves none: "2 others"."""
    small = [driver("crowd", 0.0001), driver("rates", 0.0001), driver("rulebooks", 0.0)]
    block = with_since([MANY[0], *small])["since_last"]
    assert "SOL price +0.56, 2 others +0.02;" in sentence(block)
    assert "other" not in sentence(block | {"drivers": [MANY[0], small[2]]})


def test_a_phone_shows_no_label_without_its_value() -> None:
    """Cash has no "was" and no "now": their cells are empty, and folded away."""
    html = page.render(with_since([driver("cash", 0.01)]))
    assert '<td class="r" data-l="Was"></td>' in html
    assert "table.fold td[data-l]:empty{display:none}" in html


def test_nothing_changed_is_a_sentence() -> None:
    """Without drivers there is no table."""
    said = "Nothing that moves DRE has changed: both Cases give the same answer on every path."
    result = with_since([], sentence=said)
    assert said in " ".join(terminal.render(result, width=100).split())
    html = page.render(result)
    assert said in html
    assert "Drivers of the change" not in html


def test_the_page_has_the_table_and_escapes_names() -> None:
    """Names are shown, not run; the section is there."""
    html = page.render(with_since([driver("<b>x</b>", 0.01), *MANY[:2]]))
    assert "What changed?" in html
    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert "<b>x</b>" not in html


def test_without_since_neither_page_has_the_section() -> None:
    """since_last is null."""
    assert "What changed?" not in page.render(fake_result())
    assert "Shapley values, 95% over paths" not in terminal.render(fake_result(), width=100)
