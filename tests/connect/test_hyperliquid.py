"""The inference on accounts made up here, whose value is known; then on the real table."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from seawall.casefile import load_case, save_case
from seawall.connect.hyperliquid import (
    PUBLISHED,
    TABLES,
    account_value,
    anchored,
    liquidation_price,
    liquidation_residuals,
    main,
    maintenance,
    margin_available,
    residual_table,
    tables_in_use,
    tiers_of,
)
from seawall.connect.hyperliquid_case import OWNER, VENUE, case_from_positions
from seawall.connect.hyperliquid_table import VenuePosition, read_balances, read_positions
from seawall.crowd.generate import generate
from seawall.foundation.errors import InputError
from seawall.valuation.revalue import per_account, revalue

DATA = Path(os.environ.get("SEAWALL_DATA", Path(__file__).resolve().parents[2] / "../shared/data"))
HEADER = (
    "coin,side,size,entry_price,position_value,unrealized_pnl,leverage,margin_used,"
    "liquidation_price\n"
)


def position(
    coin: str, size: float, mark: float, price: float | None = None, leverage: float = 5.0
) -> VenuePosition:
    notional = abs(size) * mark
    return VenuePosition(coin, size, mark, notional, 0.0, leverage, notional / leverage, price)


def write(folder: Path, *rows: str) -> Path:
    file = folder / "hyperliquid_x_positions_2026-01.csv"
    file.write_text(HEADER + "\n".join(rows) + "\n")
    return file


def test_maintenance_by_hand() -> None:
    # SOL, 72.5M: 70M at 2.5% + 2.5M at 5%.
    assert maintenance(TABLES["20x to 70M, 10x"], 72.5e6) == pytest.approx(1.75e6 + 0.125e6)
    assert maintenance(TABLES["20x to 70M, 10x"], 35e6) == pytest.approx(0.875e6)


def test_liquidation_prices_by_hand() -> None:
    # One 10x coin (rate 5%), mark 100, equity 20. Long 1: 20 + (p - 100) = 0.05 p.
    flat = TABLES["10x"]
    long, short = position("A", 1.0, 100.0), position("A", -1.0, 100.0)
    available = 20.0 - 5.0
    assert liquidation_price(long, flat, available) == pytest.approx(80.0 / 0.95)
    assert liquidation_price(short, flat, available) == pytest.approx(120.0 / 1.05)
    # With more equity than the long can lose there is no liquidation price.
    assert liquidation_price(long, flat, 101.0) is None


@pytest.mark.parametrize("table", sorted(TABLES))
@pytest.mark.parametrize("size", [-30_000.0, -100.0, 100.0, 40_000.0])
def test_equity_is_maintenance_at_the_liquidation_price(table: str, size: float) -> None:
    """The condition itself, whatever tier the price falls in, and its inverse."""
    tiers = TABLES[table]
    held = position("A", size, 3000.0)
    available = 0.3 * held.notional
    price = liquidation_price(held, tiers, available)
    assert price is not None
    equity = available + maintenance(tiers, held.notional) + size * (price - 3000.0)
    assert equity == pytest.approx(maintenance(tiers, abs(size) * price), rel=1e-9)
    known = position("A", size, 3000.0, price)
    assert margin_available(known, tiers) == pytest.approx(available, rel=1e-9)


def test_account_value_and_a_table_are_recovered(tmp_path: Path) -> None:
    """An account of three coins worth 5M, its prices made by this test: the value comes back, a
    wrong displayed leverage shows as a residual of the sign it must have, and is explained."""
    truth = {"ETH": "25x to 100M, 15x", "DOGE": "10x to 20M, 5x", "NEWCOIN": "5x"}
    book = [
        position("ETH", -9000.0, 3000.0),
        position("DOGE", -5e6, 0.15),
        position("NEWCOIN", -1000.0, 200.0),
    ]
    equity = 5e6
    available = equity - sum(maintenance(TABLES[truth[p.coin]], p.notional) for p in book)
    rows = []
    for p in book:
        price = liquidation_price(p, TABLES[truth[p.coin]], available)
        rows.append(
            f"{p.coin},SHORT,{p.size!r},{p.entry!r},{p.notional!r},0,3,{p.notional / 3!r},{price!r}"
        )
    file = write(tmp_path, *rows, "TINY,LONG,1,1.0,1.0,0,3,0.333,")
    positions = read_positions(file)
    found = anchored(positions, file)
    assert found == pytest.approx(available, rel=1e-12)
    tables = tables_in_use(positions, found)
    assert tables == {**truth, "TINY": "3x"}
    tiny = maintenance(TABLES["3x"], 1.0)
    assert account_value(positions, tables, found) == pytest.approx(equity + tiny, rel=1e-12)
    residuals = {row.coin: row for row in liquidation_residuals(file)}
    assert set(residuals) == {"DOGE", "NEWCOIN"}
    assert abs(residuals["DOGE"].residual) < 1e-12
    new = residuals["NEWCOIN"]
    assert new.table == "3x"
    assert -0.07 < new.residual < -0.05
    assert new.implied_rate == pytest.approx(0.1, rel=1e-6)
    assert new.explained_by == "5x"
    assert "NEWCOIN" in residual_table(list(residuals.values()))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("ETH,LONG,-1,1,1,0,3,0.3,", r"row 2, column 'side': side 'LONG' with size -1"),
        ("ETH,SIDEWAYS,1,1,1,0,3,0.3,", r"column 'side'"),
        ("ETH,LONG,nan,1,1,0,3,0.3,", r"row 2, column 'size': 'nan' is not a number"),
        ("ETH,LONG,1,-1,1,0,3,0.3,", r"column 'entry_price': -1 is not positive"),
        ("ETH,LONG,1,1,1,0,3,0.3,abc", r"column 'liquidation_price': 'abc' is not a number"),
        ("ETH,LONG,1,1", r"row 2, column 'position_value'"),
        ("ETH,LONG,1,1,1,0,3,0.3,\nETH,LONG,1,1,1,0,3,0.3,", r"row 3, column 'coin': coin 'ETH'"),
        ("", r"no rows"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_positions(write(tmp_path, row))


def test_bad_files_are_named(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    with pytest.raises(InputError, match="cannot be read"):
        read_positions(file)
    file.write_text("coin,side\nETH,LONG\n")
    with pytest.raises(InputError, match="column 'size': the column is missing"):
        read_positions(file)
    with pytest.raises(InputError, match="no ETH position"):
        anchored([], file)


def test_without_data_one_sentence_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEAWALL_DATA", str(tmp_path / "absent"))
    assert main([]) == 1
    assert "SEAWALL_DATA" in capsys.readouterr().err


def real_file(kind: str) -> Path:
    found = sorted(DATA.glob(f"positions/hyperliquid_*_{kind}_2026-01.csv"))
    if not found:
        print(f"real data: the Hyperliquid {kind} table is absent, nothing compared")
        pytest.skip("SEAWALL_DATA holds no Hyperliquid table")
    return found[0]


@pytest.mark.realdata
def test_margin_used_is_value_over_leverage_within_a_cent() -> None:
    positions = read_positions(real_file("positions"))
    assert len(positions) == 83
    assert sum(p.notional for p in positions) == pytest.approx(182e6, rel=0.01)
    assert max(abs(p.notional / p.leverage - p.margin_used) for p in positions) <= 0.01


@pytest.mark.realdata
def test_liquidation_prices_are_predicted() -> None:
    """Bounds stated in docs/real-input.md before the run: at least 45 of 56 within 0.1% and all
    within 11% held. Two statements failed and are kept as what was found: three coins of the
    published groups are off, all three because the account was not margined by that table."""
    rows = liquidation_residuals(real_file("positions"))
    assert len(rows) == 56
    assert sum(abs(r.residual) < 1e-3 for r in rows) >= 45
    assert all(abs(r.residual) < 0.11 for r in rows)
    assert {r.coin for r in rows if r.published and abs(r.residual) > 5e-4} == {
        "WIF",
        "POPCAT",
        "INJ",
    }
    assert all(r.residual < 1e-9 for r in rows if not r.published)


@pytest.mark.realdata
def test_every_residual_is_explained_by_a_known_tier_table() -> None:
    rows = liquidation_residuals(real_file("positions"))
    off = {r.coin: r.explained_by for r in rows if abs(r.residual) > 1e-6}
    assert off == {
        "ASTER": "5x",
        "XPL": "10x to 3M, 5x",
        "PUMP": "10x to 20M, 5x",
        "PAXG": "10x to 3M, 5x",
        "WIF": "5x",
        "MON": "5x",
        "ZEC": "10x to 20M, 5x",
        "POPCAT": "3x",
        "PNUT": "5x",
        "INJ": "10x",
    }
    assert max(abs(r.explained_residual) for r in rows) < 1e-9
    print(residual_table(rows))


@pytest.mark.realdata
def test_longs_without_a_price_have_none_here_either() -> None:
    file = real_file("positions")
    positions = read_positions(file)
    available = anchored(positions, file)
    tables = tables_in_use(positions, available)
    without = [p for p in positions if p.liquidation_price is None]
    assert len(without) == 26
    for p in without:
        assert liquidation_price(p, tiers_of(tables[p.coin]), available) is None, p.coin


@pytest.mark.realdata
def test_the_case_holds_the_inferred_account_value() -> None:
    file, spot = real_file("positions"), real_file("balances")
    case = case_from_positions(file, balances=spot)
    book, market = case.book, case.market
    profit = per_account(book, revalue(book, market, case.as_of.timestamp()).value)
    price = np.array([market.assets[name].spot for name in book.assets])
    cash = np.bincount(
        book.balance_account,
        weights=book.quantity * price[book.balance_asset],
        minlength=len(book.account_names),
    )
    equity = profit + cash
    positions = read_positions(file)
    available = anchored(positions, file)
    expected = account_value(positions, tables_in_use(positions, available), available)
    assert equity[0] == pytest.approx(expected, rel=1e-12)
    assert 50e6 < equity[0] < 65e6
    assert book.account_owner[:2] == (OWNER, OWNER)
    assert {kind.value for kind in book.account_kind[2:]} == {
        "book",
        "outside",
        "keeper",
        "backstop",
        "fund",
    }
    assert case.rulebooks[VENUE].needs == ()
    # Every coin has a tier of its own: the preset's default is never used silently.
    assert {p.coin for p in positions} <= set(case.rulebooks[VENUE].tiers)
    held = {book.assets[i] for i in book.balance_asset}
    assert {"USDC", "BTC", "ETH", "SOL", "HYPE", "kBONK"} <= held
    assert read_balances(spot)["UBTC"] == pytest.approx(103.0531719611)


@pytest.mark.realdata
def test_the_case_survives_the_disk_and_its_crowd_fills_the_open_interest(tmp_path: Path) -> None:
    case = case_from_positions(real_file("positions"), crowd_accounts=500)
    folder = tmp_path / "case"
    save_case(case, folder)
    loaded = load_case(folder)
    assert loaded.market == case.market
    assert loaded.rulebooks[VENUE].tiers == case.rulebooks[VENUE].tiers
    np.testing.assert_array_equal(loaded.book.size, case.book.size)
    np.testing.assert_array_equal(loaded.book.entry, case.book.entry)
    held = {loaded.book.instruments[i].name: float(s) for i, s in enumerate(loaded.book.size)}
    sides = {name: (max(size, 0.0), max(-size, 0.0)) for name, size in held.items()}
    crowd = generate(
        loaded.crowds[0],
        loaded.market,
        loaded.rulebooks[VENUE],
        loaded.book.instruments,
        held=sides,
    )
    assert len(crowd.account_names) == 500


def test_published_groups_name_known_tables() -> None:
    assert set(PUBLISHED.values()) <= set(TABLES)
    for name in TABLES:
        rates = [tier.maintenance_rate for tier in tiers_of(name)]
        assert rates == sorted(rates)
