"""Tier tables: what is read; gaps, overlaps and falling rates are refused in a sentence."""

from __future__ import annotations

import tomllib

import pytest

from seawall.casefile.save import _rulebook_toml
from seawall.foundation.errors import InputError
from seawall.venues.preset import rulebook_from
from seawall.venues.rulebook import PerpMargin, Rulebook, Tier
from seawall.venues.tier_table import leverage_tiers

FIRST = {"lower_bound": 0, "upper_bound": 1_000, "max_leverage": 50, "maintenance_rate": 0.01}
SECOND = {"lower_bound": 1_000, "max_leverage": 20, "maintenance_rate": 0.025}


def read(*tiers: dict[str, float], **top: object) -> Rulebook:
    raw = {"preset": "hyperliquid", "tiers": {"BTC": list(tiers)}, **top}
    return rulebook_from(raw, file="v.toml")


def test_a_table_with_upper_bounds_is_read_and_they_are_not_needed() -> None:
    expected = (Tier(0.0, 50.0, 0.01), Tier(1_000.0, 20.0, 0.025))
    assert read(FIRST, SECOND).tiers["BTC"] == expected
    without = {k: v for k, v in FIRST.items() if k != "upper_bound"}
    assert read(without, SECOND).tiers["BTC"] == expected


@pytest.mark.parametrize(
    ("tiers", "words"),
    [
        (
            (FIRST, {**SECOND, "lower_bound": 1_500}),
            "1500, which leaves a gap after the tier.*1000",
        ),
        ((FIRST, {**SECOND, "lower_bound": 900}), "900, which overlaps the tier before.*1000"),
        (({**FIRST, "lower_bound": 10},), "lower_bound is 10 in the first tier; expected 0"),
        (({**FIRST, "upper_bound": 0},), "upper_bound is 0; expected more than lower_bound 0"),
        ((FIRST, {**SECOND, "maintenance_rate": 0.005}), "maintenance_rate falls from 0.01 to"),
        ((FIRST, {**SECOND, "max_leverage": 60, "maintenance_rate": 0.012}), "rises with size"),
        ((FIRST, {**SECOND, "maintenance_rate": 0.06}), "at most 1/max_leverage = 0.05"),
        ((FIRST, {**SECOND, "leverage": 5}), r"leverage is not a known key.*'max_leverage'"),
        ((FIRST, {**SECOND, "max_leverage": 0.02}), "a leverage from 1 to 1000"),
        ((), " has no tiers"),
    ],
    ids=lambda value: value if isinstance(value, str) else "tiers",
)
def test_what_is_wrong_with_a_table_is_said_in_a_sentence(
    tiers: tuple[dict[str, float], ...], words: str
) -> None:
    with pytest.raises(InputError, match=rf"^v\.toml: tiers\.BTC.*{words}"):
        read(*tiers)


def test_a_closing_fee_is_added_to_every_maintenance_rate() -> None:
    tiers = read(FIRST, SECOND, closing_fee=0.0005).tiers["BTC"]
    assert [tier.maintenance_rate for tier in tiers] == pytest.approx([0.0105, 0.0255])
    assert [tier.max_leverage for tier in tiers] == [50.0, 20.0]
    with pytest.raises(InputError, match="closing_fee is 5"):
        read(FIRST, closing_fee=5)


def test_tiers_in_coin_are_checked_like_the_others() -> None:
    given = {"coin_tiers": {"BTC": [FIRST, SECOND]}}
    assert len(read(FIRST, **given).coin_tiers["BTC"]) == 2
    with pytest.raises(InputError, match=r"coin_tiers\.BTC.*leaves a gap"):
        read(FIRST, coin_tiers={"BTC": [FIRST, {**SECOND, "lower_bound": 2_000}]})


def test_the_form_of_the_tiers_is_read_saved_and_checked() -> None:
    assert read(FIRST, SECOND).tier_form == "marginal"
    whole = read(FIRST, SECOND, tier_form="whole")
    assert whole.tier_form == "whole"
    again = rulebook_from(tomllib.loads(_rulebook_toml(whole)), file="v.toml")
    assert again.tier_form == "whole"
    with pytest.raises(InputError, match=r"tier_form is 'stepped'.*marginal"):
        read(FIRST, SECOND, tier_form="stepped")


def test_maintenance_as_a_share_of_the_initial_rate() -> None:
    assert leverage_tiers([(0.0, 40.0), (150e6, 20.0)], 0.5) == (
        Tier(0.0, 40.0, 0.0125),
        Tier(150e6, 20.0, 0.025),
    )


def test_perpetuals_of_an_options_venue_by_underlying() -> None:
    sol = {"initial": 0.05, "maintenance": 0.03, "slope": 1e-6}
    raw = {"preset": "deribit", "option_margin": {"perps": {"SOL": sol}}}
    margin = rulebook_from(raw, file="v.toml").option_margin
    assert margin is not None and margin.perp("SOL") == PerpMargin(0.05, 0.03, 1e-6)
    wrong = {"preset": "deribit", "option_margin": {"perps": {"SOL": {**sol, "initial": 0.01}}}}
    with pytest.raises(InputError, match=r"perps\.SOL\.maintenance is 0.03; expected at most ini"):
        rulebook_from(wrong, file="v.toml")
    odd = {"preset": "deribit", "option_margin": {"perps": {"SOL": {**sol, "slop": 1}}}}
    with pytest.raises(InputError, match="slop is not a known key"):
        rulebook_from(odd, file="v.toml")


def test_the_end_of_a_table_is_kept_and_saved() -> None:
    end = {**SECOND, "upper_bound": 5_000}
    tiers = read(FIRST, end).tiers["BTC"]
    assert [tier.upper_bound for tier in tiers] == [None, 5_000.0]
    text = _rulebook_toml(read(FIRST, end))
    assert rulebook_from(tomllib.loads(text), file="v.toml").tiers["BTC"] == tiers
    open_end = _rulebook_toml(read(FIRST, SECOND))
    assert (
        rulebook_from(tomllib.loads(open_end), file="v.toml").tiers["BTC"][-1].upper_bound is None
    )
