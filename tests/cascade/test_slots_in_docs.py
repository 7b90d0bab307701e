"""The docs name every slot, rule and key that a Case may write, and no others."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path

import pytest

from seawall.cascade.table import MARKET_SLOTS, VENUE_SLOTS, compile_mechanisms

DOCS = Path(__file__).resolve().parents[2] / "docs"


def _at_a_glance() -> str:
    text = (DOCS / "mechanisms.md").read_text(encoding="utf-8")
    return text[text.index("## Slots at a glance") : text.index("## Prices")]


def _rows(text: str) -> dict[str, str]:
    return {row[1]: row[0] for row in re.finditer(r"^\| `(\w+)` \|.*$", text, re.MULTILINE)}


def _keys() -> Iterator[tuple[str, str, str]]:
    for slots in (VENUE_SLOTS, MARKET_SLOTS):
        for slot, rules in slots.items():
            for rule, cls in rules.items():
                for field in fields(cls):
                    yield slot, rule, field.name


def test_slots_at_a_glance_are_those_of_the_table() -> None:
    assert set(_rows(_at_a_glance())) == {*VENUE_SLOTS, *MARKET_SLOTS}


@pytest.mark.parametrize("slots", [VENUE_SLOTS, MARKET_SLOTS], ids=["venue", "market"])
def test_each_slot_at_a_glance_has_its_rules(slots: Mapping[str, Mapping[str, type]]) -> None:
    rows = _rows(_at_a_glance())
    for slot, rules in slots.items():
        named = set(re.findall(r"`(\w+)`", rows[slot].split("|")[2]))
        assert named == set(rules), slot


def test_every_key_of_every_rule_is_in_the_page_on_cases() -> None:
    words = set(re.findall(r"\w+", (DOCS / "case.md").read_text(encoding="utf-8")))
    missing = [".".join(key) for key in _keys() if key[2] not in words]
    assert not missing, f"not in docs/case.md: {missing}"


def test_examples_are_read() -> None:
    venue, market = re.findall(r"```toml\n(.*?)```", _at_a_glance(), re.DOTALL)
    chosen = compile_mechanisms(tomllib.loads(venue)["mechanisms"], VENUE_SLOTS, "example")
    assert set(chosen) == {"adl", "margin_call", "oracle_source"}
    assert compile_mechanisms(tomllib.loads(market)["mechanisms"], MARKET_SLOTS, "example")
