"""One account under many venues' rules: own rules agree, and refusals are sentences."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from seawall.casefile import sample_case
from seawall.connect.deribit_book import book_on_chain
from seawall.connect.deribit_chain import CHAIN
from seawall.connect.hyperliquid_case import case_from_positions
from seawall.foundation.errors import InputError
from seawall.instruments import Perpetual
from seawall.margin.rules import rules_of
from seawall.margin.table.assess import requirement
from seawall.margin.table.compile import compile_table
from seawall.margin.view import margin_accounts
from seawall.venues.preset import list_presets
from seawall.whatif.margin_answer import margin_answer
from seawall.whatif.venues_table import (
    chosen_presets,
    defaults_used,
    preset_rulebook,
    venues_table,
)

DATA = Path(os.environ.get("SEAWALL_DATA", Path(__file__).resolve().parents[2] / "../shared/data"))


def test_all_or_names_and_an_unknown_one_is_refused() -> None:
    assert chosen_presets("all") == list_presets()
    assert chosen_presets(" deribit, aave_v3,deribit") == ("deribit", "aave_v3")
    with pytest.raises(InputError, match=r"no preset 'deribut'.*deribit"):
        chosen_presets("deribit,deribut")
    with pytest.raises(InputError, match="names no venue"):
        chosen_presets(" , ")


def test_every_venue_has_a_row_with_numbers_or_a_sentence() -> None:
    case = sample_case(crowd=0)
    rows = venues_table(case, (0, 1, 2), list_presets())
    assert len(rows) == 3 * len(list_presets())
    for row in rows:
        numbers = (row.equity, row.initial, row.maintenance, row.notional)
        if row.reason is None:
            assert all(isinstance(n, float) for n in numbers), row
            assert row.maintenance <= row.initial + 1e-6, row
        else:
            assert numbers == (None,) * 4
            assert row.reason.endswith(".") and len(row.reason) > 40, row
    answered = {(r.account, r.venue) for r in rows if r.reason is None}
    assert ("harbour/options", "derive_pmrm_v2") in answered


def test_the_same_rules_give_the_same_margin_as_the_table() -> None:
    """The sample's options venue is the Deribit preset: its row is the compiled requirement."""
    case = sample_case(crowd=0)
    (row,) = venues_table(case, (1,), ("deribit",))
    table = compile_table(case.book, case.market, case.rulebooks, case.quote, case.as_of)
    found = requirement(table, _spot(case, table))
    unit = table.units.account.tolist().index(1)
    assert row.equity == pytest.approx(found.equity[unit], rel=1e-12)
    assert row.maintenance == pytest.approx(found.maintenance[unit], rel=1e-12)
    assert row.liquidated == () and row.margin_accounts == 1


def _spot(case, table):
    import numpy as np

    return np.array([case.market.assets[n].spot for n in table.assets])[table.feed_asset]


def test_defaults_are_named() -> None:
    case = sample_case(crowd=0)
    rulebook = preset_rulebook("hyperliquid")
    held = margin_accounts(case.book, case.market, rulebook, 0, case.as_of, case.quote)
    only_btc = replace(rulebook, tiers={"BTC": rulebook.tiers["BTC"]})
    assert defaults_used(rules_of(only_btc), held) == ("SOL", "HYPE", "ETH", "XRP")
    assert "BTC" not in defaults_used(rules_of(rulebook), held)
    # dYdX lists SOL, ETH, BTC and XRP of the five; HYPE gets the tier that the preset states.
    assert defaults_used(rules_of(preset_rulebook("dydx_v4")), held) == ("HYPE", "XRP")
    # A rule without a default has nothing to name.
    assert defaults_used(rules_of(preset_rulebook("deribit")), held) == ()


def test_the_cases_own_rulebook_stands_beside_the_presets() -> None:
    """The sample's perp venue is Hyperliquid's preset with changes: its own row is its margin."""
    answer = margin_answer(sample_case(crowd=0), account="harbour/perp-main", venues="dydx_v4")
    own, preset = answer["venues"]
    (account,) = answer["accounts"]
    assert (own["venue"], preset["venue"]) == ("meridian (Case)", "dydx_v4")
    for key in ("equity", "initial", "maintenance"):
        assert own[key] == pytest.approx(account[key], rel=1e-12)
    assert margin_answer(sample_case(crowd=0))["venues"] == []


def test_a_loan_is_refused_where_nothing_is_lent() -> None:
    """The sample's loan: 7.15M USDC owed against wstETH; leverage 7.15 / 2.6 where it can stand."""
    rows = {r.venue: r for r in venues_table(sample_case(crowd=0), (2,), list_presets())}
    lenders = {n for n, row in rows.items() if row.reason is None}
    assert lenders == {"aave_v3", "derive_standard", "derive_pmrm_v1", "derive_pmrm_v2"}
    for name in lenders:
        assert rows[name].leverage == pytest.approx(7.15e6 / rows[name].equity, rel=1e-9)
    for name in ("binance", "hyperliquid", "deribit", "paradex", "dydx_v4", "bybit", "okx"):
        assert "owes 7,150,000 USDC" in rows[name].reason
        assert f"{name}, which lends nothing" in rows[name].reason


def test_a_rate_per_coin_is_not_applied_to_another_coin() -> None:
    (row,) = venues_table(sample_case(crowd=0), (0,), ("deribit",))
    assert row.reason is not None and "[option_margin.perps.HYPE]" in row.reason


def need(path: Path) -> None:
    if not path.exists():
        print(f"SKIPPED: {path.name} is absent; SEAWALL_DATA names its folder")
        pytest.skip("no real data")


@pytest.mark.realdata
def test_the_real_hyperliquid_book_under_five_venues() -> None:
    files = sorted(DATA.glob("positions/hyperliquid_*_positions_2026-01.csv"))
    if not files:
        need(DATA / "positions" / "hyperliquid positions")
    case = case_from_positions(files[0], crowd_accounts=1)
    rows = {r.venue: r for r in venues_table(case, (0,), list_presets())}
    answered = {name for name, row in rows.items() if row.reason is None}
    print({n: f"{rows[n].maintenance / 1e6:.2f}M" for n in sorted(answered)})
    assert answered >= {"hyperliquid", "binance", "dydx_v4", "paradex", "gmx_v2"}
    coins = {i.underlying for i in case.book.instruments if isinstance(i, Perpetual)}
    assert len(coins) == 83
    assert set(rows["hyperliquid"].defaults) == coins - set(preset_rulebook("hyperliquid").tiers)
    assert rows["binance"].defaults == ("PURR", "YZY", "BLAST")
    assert all(rows[n].equity == pytest.approx(57.8e6, rel=0.01) for n in answered)


@pytest.mark.realdata
def test_the_real_options_book_under_five_venues() -> None:
    need(DATA / CHAIN)
    case = book_on_chain(DATA / CHAIN, 300)
    answer = margin_answer(case, venues="all")
    five = {"deribit", "derive_standard", "derive_pmrm_v1", "derive_pmrm_v2", "paradex"}
    for account in ("options/BTC", "options/ETH"):
        rows = {r["venue"]: r for r in answer["venues"] if r["account"] == account}
        answered = {name for name, row in rows.items() if row["reason"] is None}
        print(account, {n: f"{rows[n]['maintenance'] / 1e6:.2f}M" for n in sorted(answered)})
        assert answered >= five
        # Spreads: rules that offset options ask for less than half of those that do not.
        assert rows["derive_pmrm_v2"]["maintenance"] < 0.5 * rows["deribit"]["maintenance"]
    for row in answer["accounts"]:
        assert row["ratio"] == pytest.approx(1.5, abs=0.02), "as the book was built"
