"""`seawall case validate` refuses what `seawall check` would refuse, in the same sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from seawall.casefile import new_case
from seawall.cli.app import run


@pytest.mark.parametrize(
    ("file", "table", "said"),
    [
        (
            "rulebooks/causeway.toml",
            '[mechanisms.adl]\nrule = "hyperliquid"',
            "[mechanisms.adl] is given and the venue lends",
        ),
        (
            "market.toml",
            "[mechanisms.depth]\nthinning = 0.4\nrefill_seconds = 300",
            "[mechanisms.depth] and scenario.thinning are both given",
        ),
        (
            "rulebooks/meridian.toml",
            '[mechanisms.oracle_source]\nrule = "twap"\nwindow_seconds = 900\nassets = ["DOGE"]',
            "names the asset 'DOGE'",
        ),
    ],
)
def test_a_slot_that_cannot_be_run_is_no_valid_case(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, table: str, said: str
) -> None:
    folder = tmp_path / "mine"
    new_case(folder, crowd=0)
    with (folder / file).open("a", encoding="utf-8") as text:
        text.write(f"\n{table}\n")
    assert run(["case", "validate", str(folder)]) == 1
    told = capsys.readouterr().err
    assert told.startswith("harbour can be read but not checked: ")
    assert said in told
    assert run(["check", str(folder), "--paths", "20", "--horizon", "1h"]) == 1
    assert said in capsys.readouterr().err
