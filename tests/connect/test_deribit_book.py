"""An options book on a chain: the same book each time, within open interest, covered."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from test_deribit import made_up_chain, write

from seawall.casefile import load_case, save_case
from seawall.connect.deribit import main
from seawall.connect.deribit_book import COVER, LARGEST, SHARE, book_on_chain
from seawall.connect.deribit_chain import CHAIN
from seawall.foundation.errors import InputError
from seawall.instruments import Option
from seawall.margin.table.assess import requirement
from seawall.margin.table.compile import compile_table

DATA = Path(os.environ.get("SEAWALL_DATA", Path(__file__).resolve().parents[2] / "../shared/data"))


def test_the_same_chain_gives_the_same_book_within_open_interest(tmp_path: Path) -> None:
    file = write(made_up_chain(), tmp_path)
    case = book_on_chain(file, 41)
    again = book_on_chain(file, 41)
    assert case.book.instruments == again.book.instruments
    assert np.array_equal(case.book.size, again.book.size)
    assert case.book.size.size == 41
    assert np.bincount(case.book.position_account)[:2].tolist() == [21, 20]
    for size, i in zip(case.book.size, case.book.position_instrument, strict=True):
        option = case.book.instruments[i]
        interest = case.market.instruments[option.name].open_interest
        assert 0 < abs(size) <= min(SHARE * interest + 1e-9, LARGEST[option.underlying])


def test_each_account_stands_at_the_stated_multiple_of_standard_margin(tmp_path: Path) -> None:
    case = book_on_chain(write(made_up_chain(), tmp_path), 60)
    table = compile_table(case.book, case.market, case.rulebooks, case.quote, case.as_of)
    spot = np.array([case.market.assets[name].spot for name in table.assets])
    found = requirement(table, spot[table.feed_asset])
    coin = spot[[table.assets.index("BTC"), table.assets.index("ETH")]]
    over = found.equity - COVER * found.maintenance
    assert np.all(over >= -1e-6)
    assert np.all(over <= coin), "collateral is rounded up by less than a coin"


@pytest.mark.parametrize("legs", [1, 2001])
def test_a_number_of_legs_out_of_bounds_is_refused(tmp_path: Path, legs: int) -> None:
    with pytest.raises(InputError, match="from 2 to 2000"):
        book_on_chain(write(made_up_chain(), tmp_path), legs)


def test_more_legs_than_the_chain_lists_are_refused_with_the_most(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at most 324 legs"):
        book_on_chain(write(made_up_chain(), tmp_path), 1000)


@pytest.mark.realdata
def test_the_book_of_300_legs_on_the_real_chain(tmp_path: Path, capsys) -> None:
    if not (DATA / CHAIN).exists():
        print(f"SKIPPED: {CHAIN} is absent; SEAWALL_DATA names its folder")
        pytest.skip("no real data")
    folder = tmp_path / "book"
    assert main([str(folder), "--legs", "300"]) == 0
    assert "BTC: 150 options, 74 long and 76 short, 11 expiries" in capsys.readouterr().out
    case = load_case(folder)
    options = [i for i in case.book.instruments if isinstance(i, Option)]
    assert len(options) == 300
    assert {o.underlying for o in options} == {"BTC", "ETH"}
    save_case(case, tmp_path / "again")
