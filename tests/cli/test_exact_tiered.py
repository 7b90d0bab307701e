"""`seawall margin CASE --exact` on an account under the Bybit preset."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from seawall.casefile import sample_case
from seawall.casefile.save import save_case
from seawall.cli.app import run


def test_a_bybit_account_is_counted_exactly(tmp_path: Path, capsys) -> None:
    case = sample_case(crowd=0)
    book = case.book
    main = book.account_names.index("harbour/perp-main")
    bitcoin = next(n for n, one in enumerate(book.instruments) if one.name == "BTC-PERP")
    kept = (book.position_account != main) | (book.position_instrument == bitcoin)
    rows = np.flatnonzero(kept)
    columns = ("position_account", "position_instrument", "size", "entry", "isolated")
    thinned = {name: getattr(book, name)[rows] for name in (*columns, "isolated_margin")}
    folder = tmp_path / "case"
    save_case(replace(case, book=replace(book, **thinned)), folder)
    asked = ["margin", str(folder), "--account", "harbour/perp-main"]
    assert run([*asked, "--venues", "bybit", "--exact", "--json", "-"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["exact"]
    assert (row["venue"], row["reason"]) == ("bybit", None)
    (margin,) = [m for m in row["margins"] if m["maintenance"] > 0]
    size = float(book.size[rows][(book.position_account[rows] == main)][0])
    assert margin["decimals"] == 8
    assert size != 0.0
    assert margin["initial"] > margin["maintenance"] > 0
    assert run([*asked, "--venues", "bybit", "--exact"]) == 0
    assert "BTC-PERP" in capsys.readouterr().out
