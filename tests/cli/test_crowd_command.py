"""`seawall mechanism crowd` on the sample, and from a table of liquidations."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from seawall.cli.app import app
from seawall.crowd.calibrate import Margins, liquidated_share

START = datetime(2026, 1, 1, tzinfo=UTC)
SHORT = ("--paths", "10", "--horizon", "10m")


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["mechanism", "crowd", *arguments])
    return result.exit_code, result.output, str(result.exception)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Bars of 40 days that fall or rise by a known share and end there; who is liquidated then, at
    leverage 5 x exp(0.6 z), of BTC-PERP's open interest in the sample.
    """
    from seawall.casefile.sample_case import sample_case
    from seawall.margin.table.listing import tiers_of

    case = sample_case()
    (spec,) = [crowd for crowd in case.crowds if crowd.venue == "meridian"]
    perp = next(item for item in case.book.instruments if item.name == "BTC-PERP")
    tier = tiers_of(case.rulebooks["meridian"], perp)[0]
    margins = Margins(
        tier.maintenance_rate, min(tier.max_leverage / 1.1, 1.0 / (1.05 * tier.maintenance_rate))
    )
    long = (spec.long_share or {})["BTC-PERP"]
    interest = case.market.instruments["BTC-PERP"].open_interest
    assert interest is not None
    random = np.random.default_rng(1)
    times, close, rows = [], [], []
    for day in range(40):
        move, side = float(random.uniform(0.02, 0.25)), 1.0 if day % 2 else -1.0
        end = 100.0 * (1.0 - side * move)
        for hour in range(24):
            times.append(START + timedelta(days=day, hours=hour))
            close.append(100.0 if hour < 12 else end)
        share = float(liquidated_share(np.array([move]), side, 5.0, 0.6, margins)[0])
        whole = interest * 100.0 * ((long if side > 0 else 1.0 - long) / max(long, 1.0 - long))
        if share > 0.0:
            word = "long" if side > 0 else "short"
            rows.append((times[-1], end, word, share * whole))
    folder = tmp_path_factory.mktemp("crowd")
    bars = pl.DataFrame({"ts": times, "close": close, "symbol": "BTCUSDT"})
    bars.write_parquet(folder / "bars.parquet")
    table = pl.DataFrame(rows, schema=["time", "price", "side", "notional"], orient="row")
    table.write_csv(folder / "liquidations.csv")
    return folder / "liquidations.csv", folder / "bars.parquet"


def test_leverage_is_fitted_from_files_and_numbers_are_weighed(files: tuple[Path, Path]) -> None:
    liquidations, bars = map(str, files)
    where = ("--instrument", "BTC-PERP", "--venue", "meridian")
    code, text, error = run(
        "--liquidations", liquidations, "--prices", bars, *where, *SHORT, "--json"
    )
    assert code == 0, error
    answer = json.loads(text)
    # The median price of the bars is not 100 on every day: open interest is off by some per cent.
    assert answer["fitted"]["median"]["value"] == pytest.approx(5.0, rel=0.1)
    assert answer["fitted"]["log_sd"]["value"] == pytest.approx(0.6, rel=0.2)
    assert {row["venue"] for row in answer["rows"]} == {"meridian", "causeway"}
    assert len(answer["rows"]) == 9


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--prices, --instrument and --venue with it"),
        (("--prices", "BARS", "--instrument", "X", "--venue", "meridian"), "has no X with an open"),
    ],
)
def test_what_is_missing_is_said(
    files: tuple[Path, Path], words: tuple[str, ...], said: str
) -> None:
    given = [str(files[1]) if word == "BARS" else word for word in words]
    code, _, error = run("--liquidations", str(files[0]), *given, *SHORT)
    assert code != 0
    assert said in error


def test_a_table_that_cannot_be_read_is_refused_in_a_sentence(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    where = ("--prices", str(files[1]), "--instrument", "BTC-PERP", "--venue", "meridian")
    table = pl.read_csv(files[0])
    words, low = tmp_path / "words.csv", tmp_path / "low.csv"
    table.with_columns(price=pl.lit("dear")).write_csv(words)
    table.with_columns(notional=pl.lit(-1.0)).write_csv(low)
    void, bits = tmp_path / "void.csv", tmp_path / "bits.parquet"
    void.write_bytes(b"")
    bits.write_bytes(b"PAR1")
    for file, said in (
        (words, "row 2, column 'price': is 'dear'; expected a number above 0"),
        (low, "row 2, column 'notional': is -1.0; expected a number above 0"),
        (void, "cannot be read (empty CSV); expected a table in Parquet or CSV"),
        (bits, "bits.parquet: cannot be read ("),
    ):
        code, _, error = run("--liquidations", str(file), *where, *SHORT)
        assert code != 0
        assert said in error


def test_a_wrong_side_names_its_row(files: tuple[Path, Path], tmp_path: Path) -> None:
    table = pl.read_csv(files[0]).with_columns(side=pl.lit("buy"))
    table.write_csv(tmp_path / "wrong.csv")
    where = ("--prices", str(files[1]), "--instrument", "BTC-PERP", "--venue", "meridian")
    code, _, error = run("--liquidations", str(tmp_path / "wrong.csv"), *where, *SHORT)
    assert code != 0
    assert "row 2, column 'side': is 'buy'" in error
