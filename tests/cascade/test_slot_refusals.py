"""What a Case that misuses a slot is told, and where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seawall.cascade.engine import prepare
from seawall.cascade.table import MARKET_SLOTS, VENUE_SLOTS, read_mechanisms
from seawall.case import Case
from seawall.casefile import sample_case
from seawall.foundation.errors import InputError
from seawall.foundation.section import parse_toml


def _refusal(text: str, market: bool = False) -> str:
    section = parse_toml(text.encode(), "rulebooks/a.toml").section("mechanisms")
    with pytest.raises(InputError) as caught:
        read_mechanisms(section, MARKET_SLOTS if market else VENUE_SLOTS)
    return str(caught.value)


def test_numbers_that_do_not_fit_together_are_told_with_their_place() -> None:
    said = _refusal("[mechanisms.withdrawal_gate]\nwindow_seconds = 60\n")
    assert said.startswith("rulebooks/a.toml, row 1: mechanisms.withdrawal_gate cannot be used: ")
    assert said.endswith("limits nothing; expected bad_debt, outflow or both.")


def test_a_slot_in_the_wrong_file_is_told_the_right_one() -> None:
    said = _refusal('[mechanisms.impact]\nrule = "amm"\n')
    assert "mechanisms.impact stands in the wrong file; expected it in market.toml." in said
    said = _refusal("[mechanisms.velocity]\nmove = 0.1\n", market=True)
    assert "expected it in a rulebook." in said


def test_a_missing_rule_is_told_the_rules() -> None:
    said = _refusal("[mechanisms.sizing]\nbuffer = 0.1\n")
    assert "mechanisms.sizing.rule is missing; expected one of full, just_enough." in said


def test_one_table_instead_of_a_list_is_told_the_whole_name() -> None:
    said = _refusal("[mechanisms.keepers.kinds]\ncount = 3\n")
    assert "expected a list of tables [[mechanisms.keepers.kinds]]." in said


def _sample(slot: str, table: dict[str, object]) -> Case:
    case = sample_case(crowd=0)
    venue = replace(case.rulebooks["meridian"], mechanisms={slot: table})
    return replace(case, rulebooks={**case.rulebooks, "meridian": venue})


@pytest.mark.parametrize(
    ("slot", "table", "named"),
    [
        ("open_interest_cap", {"caps": {"BTC-PREP": 1e9}}, "caps] names 'BTC-PREP'"),
        (
            "dynamic_margin",
            {"rule": "open_interest_scaled", "bounds": {"DOGE": {"lower": 1e6, "upper": 2e6}}},
            "bounds 'DOGE'",
        ),
    ],
)
def test_unknown_names_do_not_go_unread(slot: str, table: dict[str, object], named: str) -> None:
    with pytest.raises(InputError, match="rulebook meridian") as caught:
        prepare(_sample(slot, table))
    assert named in str(caught.value)


def test_known_names_are_read() -> None:
    assert prepare(_sample("open_interest_cap", {"caps": {"BTC-PERP": 1e9}})).breakers is not None
