"""A Case of one table of holdings: the desk is the table's, all else the sample's."""

from __future__ import annotations

from pathlib import Path

import pytest

from seawall.casefile import load_case, new_case_of_book
from seawall.casefile.sample_case import sample_files
from seawall.foundation.errors import InputError

HOLDINGS = """venue,instrument,size,entry_price
meridian,ETH-PERP,-700,2790
meridian,SOL-PERP,33000,121.5
meridian,USDC,430000,
causeway,ETH,700,
causeway,USDC,-1350000,
"""


def table(place: Path, text: str) -> Path:
    path = place / "holdings.csv"
    path.write_text(text)
    return path


def test_each_row_becomes_a_position_or_a_balance_of_the_desk(tmp_path: Path) -> None:
    made = new_case_of_book(table(tmp_path, HOLDINGS), tmp_path / "tern", crowd=0)
    case = load_case(tmp_path / "tern")
    book = case.book
    assert case.digest == made.digest
    assert case.name == "tern"
    desk = [n for n, owner in enumerate(book.account_owner) if owner == "tern"]
    assert [book.account_names[n] for n in desk] == ["tern/meridian", "tern/causeway"]
    assert [str(book.account_kind[n]) for n in desk] == ["desk", "desk"]
    named = [book.instruments[n].name for n in book.position_instrument]
    assert dict(zip(named, book.size.tolist(), strict=True)) == {"ETH-PERP": -700, "SOL-PERP": 33e3}
    assert book.entry.tolist() == [2790.0, 121.5]
    held = zip(book.balance_account, book.balance_asset, book.quantity.tolist(), strict=True)
    assert [(book.account_names[a], book.assets[k], q) for a, k, q in held] == [
        ("tern/meridian", "USDC", 430e3),
        ("tern/causeway", "ETH", 700.0),
        ("tern/causeway", "USDC", -1.35e6),
    ]
    assert [(limit.measure, limit.scope, limit.maximum) for limit in case.limits] == [
        ("dre", "desk:tern", 0.02)
    ]


def test_market_venues_and_crowd_are_the_samples_to_the_byte(tmp_path: Path) -> None:
    new_case_of_book(table(tmp_path, HOLDINGS), tmp_path / "tern", crowd=20)
    files = sample_files(20)
    same = [name for name in files if (tmp_path / "tern" / name).read_bytes() == files[name]]
    assert sorted(set(files) - set(same)) == [
        *("accounts.csv", "balances.csv", "case.toml", "limits.toml", "positions.csv")
    ]
    assert b"INVENTED" in (tmp_path / "tern" / "case.toml").read_bytes()


def test_accounts_margin_and_options_may_stand_beside(tmp_path: Path) -> None:
    text = (
        "account,venue,instrument,size,entry_price,margin_mode,isolated_margin\n"
        "a,meridian,SOL-PERP,100,120,isolated,2000\n"
        "a,meridian,SOL-PERP,50,119,cross,\n"
        "a,meridian,USDC,9000,,,\n"
        "b,sextant,BTC-27FEB26-76000-P,-1,1700,,\n"
        "b,sextant,BTC,2,,,\n"
    )
    new_case_of_book(table(tmp_path, text), tmp_path / "tern", crowd=0)
    book = load_case(tmp_path / "tern").book
    assert book.account_names[:2] == ("a", "b")
    assert book.isolated.tolist() == [True, False, False]
    assert book.isolated_margin.tolist() == [2000.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("causeway,ETH,700,", "aave,ETH,700,", "row 5, column 'venue': 'aave' is not a venue"),
        ("causeway,ETH,700,", "aave,ETH,700,", "causeway (aave_v3's rules)"),
        ("SOL-PERP,33000", "DOGE-PERP,33000", "row 3, column 'instrument': 'DOGE-PERP' is not in"),
        ("33000,121.5", "33000,", "row 3, column 'entry_price': the cell is empty"),
        ("33000,121.5", "0,121.5", "row 3, column 'size': the size is 0"),
        ("430000,", "430000,1", "row 4, column 'entry_price': 'USDC' is a coin, which has none"),
        ("430000,", "4e5 USDC,", "row 4, column 'size': '4e5 USDC' is not a number"),
        ("meridian,USDC", "meridian,SOL-PERP", "'SOL-PERP' stands in row 3 too"),
        ("entry_price\n", "entry\n", "row 1, column 'entry': the column is not known"),
        ("size,", "qty,", "row 1, column 'qty': the column is not known (is it size?)"),
        ("size,", "Size,", "row 1, column 'Size': the column is not known (is it size?)"),
        (
            "entry_price\n",
            "avg_price\n",
            "column 'avg_price': the column is not known (is it entry_",
        ),
        ("instrument", "colour", "column 'colour': the column is not known; expected one of instr"),
        ("700,\n", "0,\n", "row 5, column 'size': the size is 0; expected no row for a coin"),
    ],
)
def test_what_is_wrong_is_told_by_row_and_column_and_nothing_is_made(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    assert old in HOLDINGS
    path = table(tmp_path, HOLDINGS.replace(old, new))
    with pytest.raises(InputError) as told:
        new_case_of_book(path, tmp_path / "tern", crowd=0)
    assert words in str(told.value)
    assert not (tmp_path / "tern").exists()


def test_an_account_stands_on_one_venue(tmp_path: Path) -> None:
    text = "account,venue,instrument,size\na,meridian,USDC,1\na,causeway,ETH,1\n"
    with pytest.raises(InputError, match="'a' stands on meridian above"):
        new_case_of_book(table(tmp_path, text), tmp_path / "tern", crowd=0)


def test_a_table_that_is_not_there_and_a_name_that_cannot_be_a_desk(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        new_case_of_book(tmp_path / "none.csv", tmp_path / "tern")
    with pytest.raises(InputError, match="cannot be the name of a desk"):
        new_case_of_book(table(tmp_path, HOLDINGS), tmp_path / "te:rn")


def test_a_folder_that_is_not_empty_is_kept(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the folder is not empty"):
        new_case_of_book(table(tmp_path, HOLDINGS), tmp_path, crowd=0)
    assert [entry.name for entry in tmp_path.iterdir()] == ["holdings.csv"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            "meridian,BTC-PERP,2000000,84500",
            "column 'size': 2,000,000 BTC is more than the open interest of 22,050; size is in "
            "coins or contracts, not in money.",
        ),
        (
            "meridian,BTC-PERP,-22050.5,84500",
            "column 'size': 22,050.5 BTC is more than the open interest of 22,050; ",
        ),
        (
            "causeway,ETH-PERP,1,2790",
            "column 'venue': 'causeway' lends only and takes no contracts such as 'ETH-PERP'; "
            "expected meridian or sextant.",
        ),
        (
            "causeway,BTC-27FEB26-76000-P,1,2790",
            "takes no contracts such as 'BTC-27FEB26-76000-P'; expected sextant.",
        ),
        (
            "meridian,BTC-27FEB26-76000-P,1,2790",
            "column 'venue': 'meridian' does not take 'BTC-27FEB26-76000-P'; expected sextant.",
        ),
        ("sextant,XRP-PERP,1,2", "'sextant' does not take 'XRP-PERP'; expected meridian."),
    ],
)
def test_what_the_bundled_market_cannot_hold_is_told_in_the_row_that_was_written(
    tmp_path: Path, row: str, words: str
) -> None:
    path = table(tmp_path, f"venue,instrument,size,entry_price\n{row}\n")
    with pytest.raises(InputError) as told:
        new_case_of_book(path, tmp_path / "tern", crowd=0)
    assert str(told.value).startswith(f"{path}, row 2, column ")
    assert words in str(told.value)
    assert not (tmp_path / "tern").exists()


def test_the_open_interest_bounds_the_rows_of_one_side_together(tmp_path: Path) -> None:
    """22,050 BTC long and as many short are all of it; one coin more on a side is too much."""
    text = (
        "account,venue,instrument,size,entry_price\n"
        "a,meridian,BTC-PERP,22000,84500\n"
        "b,meridian,BTC-PERP,-22050,84500\n"
        "c,meridian,BTC-PERP,50,84500\n"
    )
    new_case_of_book(table(tmp_path, text), tmp_path / "tern", crowd=0)
    more = table(tmp_path, text.replace(",50,", ",51,"))
    with pytest.raises(InputError, match=r"row 4, column 'size': 22,051 BTC with the rows above"):
        new_case_of_book(more, tmp_path / "gull", crowd=0)


@pytest.mark.parametrize("crowd", [0, 20])
def test_a_table_without_rows_is_refused_as_that(tmp_path: Path, crowd: int) -> None:
    path = table(tmp_path, "venue,instrument,size,entry_price\n")
    with pytest.raises(InputError) as told:
        new_case_of_book(path, tmp_path / "tern", crowd=crowd)
    assert str(told.value).startswith(f"{path} has no rows; ")
    assert not (tmp_path / "tern").exists()


def test_a_column_that_contracts_need_is_missed_by_name(tmp_path: Path) -> None:
    path = table(tmp_path, "venue,instrument,size\nmeridian,USDC,9\nmeridian,ETH-PERP,1\n")
    with pytest.raises(InputError) as told:
        new_case_of_book(path, tmp_path / "tern", crowd=0)
    assert f"{path}, row 3: there is no column 'entry_price', which contracts need" in str(
        told.value
    )
    text = "venue,instrument,size,entry_price,margin_mode\nmeridian,ETH-PERP,1,2790,isolated\n"
    with pytest.raises(InputError, match=r"row 2: there is no column 'isolated_margin', which iso"):
        new_case_of_book(table(tmp_path, text), tmp_path / "tern", crowd=0)


def test_semicolons_are_still_told_as_semicolons(tmp_path: Path) -> None:
    path = table(tmp_path, "venue;instrument;size\nmeridian;USDC;9\n")
    with pytest.raises(InputError, match="row 1: separates columns by semicolons"):
        new_case_of_book(path, tmp_path / "tern", crowd=0)


def test_the_name_of_an_account_of_the_venue_is_refused_in_its_row(tmp_path: Path) -> None:
    path = table(tmp_path, "account,venue,instrument,size\nmeridian/fund,causeway,ETH,1\n")
    with pytest.raises(InputError, match=r"row 2, column 'account': 'meridian/fund' is the venue'"):
        new_case_of_book(path, tmp_path / "tern", crowd=0)


def test_what_the_reading_of_the_case_refuses_names_the_table(tmp_path: Path) -> None:
    """A name of 195 letters serves; with the venue behind it, it is too long for an account."""
    path = table(tmp_path, HOLDINGS)
    with pytest.raises(InputError) as told:
        new_case_of_book(path, tmp_path / ("t" * 195), crowd=0)
    assert str(told.value).startswith(f"{path}: ")
    assert "cannot be a name" in str(told.value)
    assert [entry.name for entry in tmp_path.iterdir()] == ["holdings.csv"]
