"""DRE of every account: by hand, in columns as one by one, and written as a table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from risky import risky_case
from summed import summed
from tiny_cases import (
    Held,
    Trader,
    coin,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.case.impairment_kinds import counted
from seawall.cli.accounts_file import accounts_target, write_accounts
from seawall.exposure import check
from seawall.exposure.accounts import AccountTable, account_table, wilson_columns
from seawall.exposure.impairment import account_impairment, desk_impairment
from seawall.exposure.proportion import wilson
from seawall.foundation.errors import InputError

DAY = 86_400.0


def _run(**prices: Any) -> Any:
    """Two accounts of one desk and two of the crowd, 1% maintenance; ADL against winners.

    That t3 is deleveraged is written down nowhere, since it is no desk's.

    t0 is long 10 on 60, t1 long 1 on 60, t2 long 10 on 15, t3 short 21 on 900.
    """
    traders = [
        Trader("p", [Held("A-PERP", 10.0, 100.0)], {"USD": 60.0}, "me"),
        Trader("p", [Held("A-PERP", 1.0, 100.0)], {"USD": 60.0}, "me"),
        Trader("p", [Held("A-PERP", 10.0, 100.0)], {"USD": 15.0}),
        Trader("p", [Held("A-PERP", -21.0, 100.0)], {"USD": 900.0}),
    ]
    case = tiny_case(
        traders, [perpetual("A-PERP", "A")], {"p": perpetuals_venue(("adl",))}, {"A": coin(100.0)}
    )
    return run_case(case, paths_of(case, **prices))


PRICES = [
    [100.0, 100.0, 100.0],  # nothing
    [100.0, 98.9, 98.9],  # t2 has 4 < 9.89: closed
    [100.0, 98.0, 98.0],  # t2 has -5: closed against t3, which wins
    [100.0, 94.0, 94.0],  # t0 has 0 < 9.4 too; t2 has -45
]


def test_each_account_by_hand() -> None:
    setup, tape, _ = _run(A=PRICES)
    table = account_table(setup, summed(setup, tape, 2))
    assert table.names == ("t0", "t1", "t2", "t3")
    assert table.equity.tolist() == [60.0, 60.0, 15.0, 900.0]
    assert table.hits.tolist() == [1, 0, 3, 0]
    assert table.owners[:2] == ("me", "me")
    assert table.probability.tolist() == [0.25, 0.0, 0.75, 0.0]


def test_only_what_counts_and_only_within_the_horizon() -> None:
    setup, tape, _ = _run(A=PRICES)
    assert account_table(setup, summed(setup, tape, 0)).hits.tolist() == [0, 0, 0, 0]
    other = replace(setup, case=replace(setup.case, impairments=counted(("socialised",))))
    with pytest.raises(InputError, match="known of every account"):
        account_table(other, summed(setup, tape, 2))


def test_an_account_of_a_desk_is_impaired_by_its_own() -> None:
    setup, tape, _ = _run(A=PRICES)
    first, second = (account_impairment(setup, tape, n) for n in (0, 1))
    assert (first.step <= 2).tolist() == [False, False, False, True]
    assert not (second.step <= 2).any()
    desk = desk_impairment(setup, tape, "me")
    assert (desk.step <= 2).tolist() == [False, False, False, True]
    # 98: t0 has lost 20 of 60 and is there; at 94 all 60, the desk 66 of 120, above half.
    assert first.loss[:, 2].tolist() == pytest.approx([0.0, 11.0, 20.0, 60.0])
    assert desk.loss[3, 2] == pytest.approx(66.0)


def test_intervals_in_columns_are_those_one_by_one() -> None:
    share, low, high = wilson_columns(np.arange(21), 20)
    for n in range(21):
        assert (low[n], high[n]) == pytest.approx(wilson(n, 20), abs=1e-15)
    assert share[5] == 0.25


@pytest.mark.slow
def test_check_adds_scopes_of_accounts_and_the_crowd() -> None:
    seen: list[AccountTable] = []
    case = risky_case(2.0)
    found = check(case, horizon_seconds=DAY, paths=40, seed=4, accounts=seen.append)
    plain = check(case, horizon_seconds=DAY, paths=40, seed=4)
    scopes = found["dre"]["scopes"]
    named = [scope for scope in scopes if scope.startswith("account:")]
    assert named == ["account:harbour/perp-main", "account:harbour/options", "account:harbour/loan"]
    desk = scopes["desk:harbour"]["probability"][-1]
    most = max(scopes[name]["probability"][-1] for name in named)
    assert most <= desk + 1.0 / 40, "what breaks an account breaks the desk, but for its own theta"
    assert most > 0.0
    assert scopes[named[0]]["model_high"][-1] >= scopes[named[0]]["probability"][-1]
    (table,) = seen
    block = found["by_account"]
    assert block["count"] == table.hits.size == found["case"]["accounts"]
    assert block["ever"] == np.count_nonzero(table.hits) > 10
    assert len(block["deciles"]) == 11
    stakes = [row["equity_at_stake"] for row in block["top"]]
    assert stakes == sorted(stakes, reverse=True)
    row = next(r for r in block["top"] if r["kind"] == "crowd")
    n = table.names.index(row["account"])
    assert row["probability"] == table.hits[n] / 40
    # Nothing else moves.
    for name in named:
        del scopes[name]
    del found["by_account"]
    assert found == plain


def test_the_whole_table_as_a_file(tmp_path: Path) -> None:
    import polars

    setup, tape, _ = _run(A=PRICES)
    table = account_table(setup, summed(setup, tape, 2))
    for name, read in (("all.csv", polars.read_csv), ("all.parquet", polars.read_parquet)):
        path = accounts_target(str(tmp_path / name))
        write_accounts(table, path)
        frame = read(path)
        assert frame["account"].to_list() == ["t0", "t1", "t2", "t3"]
        assert frame["impaired_paths"].to_list() == [1, 0, 3, 0]
        assert frame["high"].to_list() == pytest.approx(table.high.tolist())
    with pytest.raises(InputError, match="neither CSV nor Parquet"):
        accounts_target(str(tmp_path / "all.xlsx"))
    with pytest.raises(InputError, match="does not exist"):
        accounts_target(str(tmp_path / "none" / "all.csv"))
