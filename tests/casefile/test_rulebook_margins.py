"""A Case reads each rulebook's margin numbers: what `margin` would refuse, with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from seawall.casefile import load_case, new_case
from seawall.foundation.errors import InputError, MissingRule


def with_rulebook(folder: Path, text: str) -> Path:
    """The sample with one more rulebook, at which nothing is held."""
    case = new_case(folder / "case")
    (case / "rulebooks" / "spare.toml").write_text(text)
    return case


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(InputError) as caught:
        load_case(with_rulebook(folder, text))
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ('preset = "dydx_v4"\nframework = "foo"\n', "row 2: framework is 'foo'", "one of tiered"),
        (
            'preset = "dydx_v4"\nframework = "dydx_v3"\n',
            "row 2: framework is 'dydx_v3'",
            "expected 'dydx_v4'",
        ),
        (
            'preset = "dydx_v4"\n[margin]\nown_intial = 1\n',
            "row 3: margin.own_intial is not a known key",
            "expected 'own_initial'",
        ),
        (
            'preset = "dydx_v4"\n\n[margin.markets.ETH]\nopen_interest = -2\n',
            "row 4: margin.markets.ETH.open_interest is -2",
            "expected",
        ),
        (
            'preset = "derive_pmrm_v2"\n[margin]\nmaintenance_factor = 80\n',
            "row 3: margin.maintenance_factor is 80",
            "a multiple of the worst loss",
        ),
        (
            'preset = "derive_pmrm_v2"\n[margin]\nregular_scenario = 3\n',
            "row 3: margin.regular_scenario is not a known key",
            "expected 'regular_scenarios'",
        ),
        (
            'preset = "derive_pmrm_v2"\n[margin.volatility]\nrange_upp = 3\n',
            "row 3: margin.volatility.range_upp is not a known key",
            "expected 'range_up'",
        ),
        (
            'preset = "derive_pmrm_v2"\n[margin.markets.ETH]\ninitial_factor = 110\n',
            "row 3: margin.markets.ETH.initial_factor is 110",
            "a multiple of the worst loss",
        ),
        (
            'preset = "derive_standard"\n[margin.every_market.perp]\nintial = 3\n',
            "row 3: margin.every_market.perp.intial is not a known key",
            "expected 'initial'",
        ),
    ],
)
def test_a_wrong_margin_number_is_refused_with_file_row_and_key(
    tmp_path: Path, text: str, place: str, problem: str
) -> None:
    said = refusal(tmp_path, text)
    assert said.startswith(f"rulebooks/spare.toml, {place}"), said
    assert problem in said


@pytest.mark.parametrize("preset", ["perennial_v2", "synthetix_v3", "paradex", "dydx_v4"])
def test_numbers_still_to_be_supplied_are_asked_for_only_when_the_venue_is_used(
    tmp_path: Path, preset: str
) -> None:
    case = with_rulebook(tmp_path, f'preset = "{preset}"\n')
    assert "spare" in load_case(case).rulebooks
    accounts = case / "accounts.csv"
    accounts.write_text(accounts.read_text() + "me,spare,me,desk\n")
    balances = case / "balances.csv"
    balances.write_text(balances.read_text() + "me,USDC,1000\n")
    with pytest.raises(MissingRule, match=r"rulebooks/spare\.toml"):
        load_case(case)


def test_a_rulebook_without_any_scenario_names_its_file(tmp_path: Path) -> None:
    said = refusal(tmp_path, 'preset = "derive_pmrm_v1"\n[margin]\nscenarios = []\n')
    assert said.startswith("rulebooks/spare.toml, row 2: margin cannot be used"), said
    assert "no scenarios" in said


def test_every_preset_loads_beside_the_sample(tmp_path: Path) -> None:
    from seawall.venues.preset import list_presets

    case = new_case(tmp_path / "case")
    for name in list_presets():
        (case / "rulebooks" / f"x-{name}.toml").write_text(f'preset = "{name}"\n')
    assert len(load_case(case).rulebooks) == 3 + len(list_presets())
