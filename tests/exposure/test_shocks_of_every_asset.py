"""The shocks of the page do not depend on which asset happens to break first."""

from __future__ import annotations

import pytest

from seawall.cascade.engine import BASE, prepare
from seawall.cascade.setup import Setup
from seawall.casefile import sample_case
from seawall.exposure import shocked
from seawall.exposure.cautions import _runaways
from seawall.exposure.shocked import FURTHER, SHOCKS, shocks_of_page

ASSETS = ("BTC", "ETH", "SOL")


@pytest.fixture(scope="module")
def setup() -> Setup:
    return prepare(sample_case(crowd=300), (BASE,))


def test_every_asset_is_shocked_both_ways_whichever_is_in_focus(setup: Setup) -> None:
    found = []
    for focus in ("BTC", "SOL"):
        page = shocks_of_page(setup, ASSETS, focus)
        assert page is not None
        columns = [setup.table.assets.index(name) for name in ASSETS]
        assert all(set(page.of(k)) == {*SHOCKS, *FURTHER} for k in columns)
        found.append({(k, move): page.at(k, move).ratio for k in columns for move in page.of(k)})
    assert found[0] == found[1]


def test_a_runaway_is_warned_of_whichever_asset_is_in_focus(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []
    for focus in ("BTC", "SOL"):
        page = shocks_of_page(setup, ASSETS, focus)
        assert page is not None
        # The bound just below the largest ratio of an asset that is in focus once.
        column = setup.table.assets.index("SOL")
        highest = max(page.at(column, move).ratio for move in FURTHER)
        monkeypatch.setattr("seawall.exposure.cautions.RUNAWAY", highest * 0.999)
        said.append(_runaways(setup, page))
    assert said[0] == said[1]
    assert any(sentence.startswith("SOL ") for sentence in said[0])


def test_a_crowd_too_large_for_further_shocks_has_none_for_any_asset(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shocked, "MOST_ACCOUNTS", 1)
    page = shocks_of_page(setup, ASSETS, "SOL")
    assert page is not None
    columns = [setup.table.assets.index(name) for name in ASSETS]
    assert all(set(page.of(k)) == set(SHOCKS) for k in columns)
