"""`seawall pnl`: two folders and their fills to a page, JSON, and sentences for what is wrong."""

import json
import shutil

import pytest

from seawall.cli.app import run

HEADER = "account,kind,instrument,size,price,asset,amount\n"


@pytest.fixture
def folders(tmp_path):
    """The sample, and the same book a day later: BTC fell to 79,500, ten of its coins were sold."""
    assert run(["case", "new", str(tmp_path / "a")]) == 0
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    for name in ("case.toml", "market.toml"):
        path = tmp_path / "b" / name
        text = path.read_text().replace("2026-01-30T16", "2026-01-31T16")
        text = text.replace("spot = 84_000.0", "spot = 79_500.0")
        # The options' forward keeps its distance: 84,320 x 79,500 / 84,000.
        text = text.replace("mark = 84_320.0", "mark = 79_802.857142857145")
        path.write_text(text.replace("mark = 84_000.0", "mark = 79_480.0"))
    path = tmp_path / "b" / "positions.csv"
    path.write_text(path.read_text().replace("BTC-PERP,-88.2", "BTC-PERP,-78.2"))
    path = tmp_path / "b" / "balances.csv"
    # Bought back at 80,000, entered at 84,900: +49,000; a fee of 400; funding of 1,234.
    path.write_text(
        path.read_text().replace("USDC,2650000", f"USDC,{2650000 + 49000 - 400 + 1234}")
    )
    rows = [
        "harbour/perp-main,trade,BTC-PERP,10,80000,USDC,-400",
        "harbour/perp-main,funding,,,,USDC,1234",
        "somebody/else,fee,,,,USDC,-1",
    ]
    (tmp_path / "b" / "fills.csv").write_text(HEADER + "\n".join(rows) + "\n")
    return tmp_path


def _pnl(folders, *more):
    return run(["pnl", str(folders / "a"), str(folders / "b"), *more])


def test_page_and_json_explain_the_day(folders, capsys):
    assert _pnl(folders, "--json", str(folders / "out.json")) == 0
    page = capsys.readouterr().out
    result = json.loads((folders / "out.json").read_text())
    (row,) = result["desks"]
    # Ten coins at 80,000 against the later mark of 79,480, and the fee of the same row.
    assert row["flows"]["trade"] == pytest.approx(10 * (79_480 - 80_000) - 400)
    assert row["flows"]["funding"] == 1_234
    assert row["unexplained"]["ratio"] < 1e-9
    total = sum(row["revalued"].values()) + sum(row["flows"].values())
    assert total == pytest.approx(row["change"], rel=1e-9)
    assert row["revalued"]["basis"] == pytest.approx(88.2 * 20, abs=1e-3)
    assert (result["fills"], result["fills_of_others"]) == (2, 1)
    for words in ("Desk harbour", "unexplained 0.00%", "-5,600.00", "1 of other accounts left out"):
        assert words in page
    assert max(len(line) for line in page.splitlines()) <= 100


def test_json_goes_to_stdout_and_is_the_same_twice(folders, capsys):
    assert _pnl(folders, "--json", "-", "--desk", "harbour") == 0
    first = capsys.readouterr().out
    assert _pnl(folders, "--json", "-") == 0
    assert capsys.readouterr().out == first


def test_without_fills_the_trade_is_named_and_the_stated_funding_shown(folders, capsys):
    (folders / "b" / "fills.csv").unlink()
    assert _pnl(folders) == 0
    page = capsys.readouterr().out
    assert "No fills" in page
    assert "no fill says why harbour/perp-main changed BTC-PERP by +10" in page
    assert "the stated rates would have made funding" in page


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("harbour/perp-main,gift,,,,USDC,1", "not known"),
        ("harbour/perp-main,trade,BTC-PERP,10,,,", "price"),
        ("harbour/perp-main,fee,,,,,-1", "asset"),
        ("harbour/perp-main,fee,,,,USDC,", "neither a size nor an amount"),
        ("harbour/perp-main,deposit,,,,USDC,-5", "cannot be a deposit"),
        ("harbour/perp-main,fee,,,,DOGE,-1", "in neither Case"),
        ("harbour/perp-main,trade,BTC-PERP,ten,80000,,", "not a number"),
    ],
)
def test_bad_fills_are_refused_in_a_sentence(folders, capsys, row, words):
    (folders / "fills.csv").write_text(HEADER + row + "\n")
    assert _pnl(folders, "--fills", str(folders / "fills.csv")) == 1
    assert words in capsys.readouterr().err


def test_the_later_case_first_is_refused(folders, capsys):
    assert run(["pnl", str(folders / "b"), str(folders / "a")]) == 1
    assert "the earlier Case first" in capsys.readouterr().err


def test_an_unknown_desk_and_a_missing_file_are_refused(folders, capsys):
    assert _pnl(folders, "--desk", "nobody") == 1
    assert "owns no account" in capsys.readouterr().err
    assert _pnl(folders, "--fills", str(folders / "none.csv")) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_fills_of_another_month_are_refused_by_row(folders, capsys):
    file = folders / "b" / "fills.csv"
    head, *lines = file.read_text().splitlines()
    file.write_text(
        "\n".join([f"{head},time", *(f"{line},2019-01-01T00:00:00Z" for line in lines)])
    )
    assert _pnl(folders) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "fills.csv, row 2" in said
    assert "not between the two cases" in said
    file.write_text("\n".join([f"{head},time", *(f"{line},2027-99-99" for line in lines)]))
    assert _pnl(folders) == 1
    assert "is not a time" in capsys.readouterr().err


def test_accounts_whose_fills_are_left_out_are_named(folders, capsys):
    assert _pnl(folders, "--json", "-") == 0
    result = json.loads(capsys.readouterr().out)
    assert len(result["other_accounts"]) == 1
