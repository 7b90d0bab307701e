"""The market's slots in market.toml: read, refused with file and line, saved and read again."""

from __future__ import annotations

from pathlib import Path

import pytest

from seawall.cascade.engine import prepare
from seawall.casefile import load_case, sample_case, save_case
from seawall.foundation.errors import InputError
from seawall.impact.law import BOOK_WALK

SLOTS = """
[mechanisms.impact]
rule = "book_walk"
bids = [{ distance = 0.0, size = 0.01 }, { distance = 0.002, size = 0.05 }]
half_spread = 0.0001

[mechanisms.depth]
thinning = 2.0
refill_seconds = 1800.0

[mechanisms.links.venues.meridian]
share = 0.3
half_spread = 0.0005
capital_per_second = 20000.0
quotes = "follow"
"""


def with_slots(folder: Path, text: str) -> Path:
    """The sample on disk with these lines at the end of market.toml, thinning and law left out."""
    saved = save_case(sample_case(crowd=5), folder)
    market = saved / "market.toml"
    lines = [
        line
        for line in market.read_text("utf-8").splitlines()
        if not line.startswith(("thinning", "impact =", "impact_prefactor"))
    ]
    market.write_text("\n".join(lines) + "\n" + text, "utf-8")
    return saved


def test_slots_are_read_and_survive_saving(tmp_path: Path) -> None:
    case = load_case(with_slots(tmp_path / "one", SLOTS))
    setup = prepare(case)
    rules = setup.market_rules
    assert rules.law.code == BOOK_WALK
    assert rules.law.constants[1].tolist() == pytest.approx([0.01, 0.06])
    assert rules.depth is not None and rules.depth.floor == 0.02
    assert rules.links is not None and rules.links.linked.any()
    again = load_case(save_case(case, tmp_path / "two"))
    assert again.market.mechanisms == case.market.mechanisms
    assert again.digest == load_case(save_case(again, tmp_path / "three")).digest


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ("share = 0.3", "share = 3.0", r"share is 3\.0"),
        ("thinning = 2.0", "thining = 2.0", "thining"),
        ('rule = "book_walk"', 'rule = "walk"', "walk"),
        ("distance = 0.002", "distance = 0.0", "book walk stand"),
        ('quotes = "follow"', 'quotes = "lead"', "lead"),
        ("venues.meridian", "venues.nobody", "nobody"),
    ],
)
def test_wrong_slots_are_refused(tmp_path: Path, wrong: str, right: str, said: str) -> None:
    assert wrong in SLOTS
    with pytest.raises(InputError, match=said):
        prepare(load_case(with_slots(tmp_path, SLOTS.replace(wrong, right))))
