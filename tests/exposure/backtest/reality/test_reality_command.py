"""`seawall backtest --prices` and its DRE part: through the command, on made and on real bars."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from made_bars import made

from seawall.cli.app import run
from seawall.exposure.backtest.on_prices import stretch_of
from seawall.exposure.backtest.reality.answer import against_reality
from seawall.exposure.backtest.reality.bars import Series, read_series

ROOT = Path(__file__).resolve().parents[4]
DATA = Path(os.environ.get("SEAWALL_DATA", ROOT / "../shared/data"))
PERPETUALS = "perp_1h_24_assets_2020-10_2024-06.parquet"


def table(series: list[Series], extremes: bool = True) -> pl.DataFrame:
    """Bars as a file has them; a gap has no row."""
    frames = []
    for one in series:
        known = np.isfinite(one.close)
        begin = (one.end[known] - one.seconds).astype("datetime64[s]").astype("datetime64[ms]")
        frame = {"ts": begin, "close": 100.0 * np.exp(one.close[known])}
        if extremes:
            frame["low"] = 100.0 * np.exp(one.low[known])
            frame["high"] = 100.0 * np.exp(one.high[known])
        frames.append(pl.DataFrame(frame).with_columns(symbol=pl.lit(one.name + "USDT")))
    return pl.concat(frames)


def answered(tmp_path: Path, bars: pl.DataFrame, *more: str) -> dict[str, Any]:
    file, out = tmp_path / "bars.parquet", tmp_path / "answer.json"
    bars.write_parquet(file)
    assert run(["backtest", "--prices", str(file), *more, "--json", str(out)]) == 0
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def test_too_short_for_value_at_risk_is_long_enough_for_a_day(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """150 days of two assets, one with gaps: a sentence in place of value at risk, then DRE."""
    series = [made(3_600, seed=1, name="BTC", gaps=(700, 2_500)), made(3_600, seed=2, name="NEW")]
    found = answered(tmp_path, table(series))
    assert "period" in found["refused"]
    dre = found["dre"]
    assert (dre["label"], dre["feedback"]) == ("total", "off")
    assert dre["defaults"] == ["NEW"]
    assert [x["horizon_seconds"] for x in dre["horizons"]] == [14_400, 86_400]
    assert [x["horizon_seconds"] for x in dre["left_out"]] == [604_800]
    assert "days to fit on" in dre["left_out"][0]["why"]
    for block in dre["horizons"]:
        joint = block["joint"]
        assert joint["slope"]["low"] < 1.0 < joint["slope"]["high"]
        assert joint["brier_skill"]["normal_fitted"]["value"] > 0.0
        assert joint["brier_skill"]["frequency"]["value"] > 0.0
        assert block["judged"]["first"] >= block["fitted"]["until"]
        # A gap drops every account whose horizon it lies in: none is opened within it.
        bars = block["horizon_seconds"] // 3_600
        lost = joint["accounts"] / 24 if bars == 4 else 0
        assert lost < 3_600
    page = capsys.readouterr().out
    assert "DRE against reality" in page
    assert "feedback off" in page
    assert max(len(line) for line in page.splitlines()) <= 100


def test_nothing_after_the_fitted_part_changes_the_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prices after the stretch are another history: candidates, windows and weights stay."""
    monkeypatch.setattr("seawall.exposure.backtest.reality.answer.HORIZONS", (14_400,))
    one, other = made(4_000, seed=3, name="BTC"), made(4_000, seed=4, name="BTC")
    stretch = (int(one.end[0]), int(one.end[2_400]))
    mixed = [np.concatenate([getattr(one, n)[:2_401], getattr(other, n)[2_401:]])
             for n in ("low", "high", "close")]  # fmt: skip
    second = Series("BTC", "made", 3_600, one.end, *mixed, extremes=True)
    first, changed = (against_reality([s], stretch, 1) for s in (one, second))
    for a, b in zip(first["horizons"], changed["horizons"], strict=True):
        for key in ("candidates", "windows", "weights", "fitted"):
            assert a[key] == b[key]
        assert a["joint"]["seen"] != b["joint"]["seen"]


@pytest.mark.slow
@pytest.mark.parametrize(("every", "seconds"), [("5m", 300), ("1d", 86_400)])
def test_other_lengths_of_bars_and_files_with_closes_alone(
    tmp_path: Path, every: str, seconds: int
) -> None:
    rng = np.random.default_rng(6)
    days = 130 if seconds == 300 else 900
    count = days * 86_400 // seconds
    close = 100.0 * np.exp(np.cumsum(rng.standard_normal(count)) * 0.04 * (seconds / 86_400) ** 0.5)
    begin = np.datetime64("2020-01-02", "ms") + 1_000 * seconds * np.arange(count)
    bars = pl.DataFrame({"ts": begin, "close": close}).with_columns(symbol=pl.lit("BTCUSDT"))
    found = answered(tmp_path, bars, *(() if seconds == 300 else ("--period", "1d")))
    dre = found["dre"]
    assert dre["closes_alone"] == ["BTC of bars.parquet"]
    told = {x["horizon_seconds"]: x["joint"]["slope"] for x in dre["horizons"]}
    assert set(told) == ({14_400, 86_400} if seconds == 300 else {86_400, 604_800})
    day = told[86_400]
    assert day["low"] < day["value"] < day["high"]
    assert {x["bar_seconds"] for x in dre["horizons"]} == {max(seconds, 3_600)}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"low": 0.0}, "column 'low': a price is 0"),
        ({"high": float("nan")}, "column 'high': a price is"),
    ],
)
def test_an_extreme_that_is_no_price_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, float], says: str
) -> None:
    bars = table([made(800, seed=5, name="BTC")])
    bars = bars.with_columns(**{name: pl.lit(value) for name, value in change.items()})
    bars.write_parquet(tmp_path / "bars.parquet")
    assert run(["backtest", "--prices", str(tmp_path / "bars.parquet")]) == 1
    assert says in capsys.readouterr().err


@pytest.mark.realdata
@pytest.mark.slow
def test_real_perpetuals_judged_after_the_fit() -> None:
    """24 hourly perpetuals, fitted to August 2022, judged to June 2024 (docs/backtests.md)."""
    file = DATA / "prices" / PERPETUALS
    if not file.is_file():
        print("SKIPPED: the hourly bars are absent; SEAWALL_DATA names their folder")
        pytest.skip("SEAWALL_DATA holds no hourly bars")
    series = read_series([file])
    found = against_reality(series, stretch_of(series, None))
    assert len(found["horizons"]) == 3
    for block in [*(h["joint"] for h in found["horizons"]), found["all"]]:
        assert block["slope"]["low"] <= 1.0 <= block["slope"]["high"]
        assert all(one["value"] > 0.0 for one in block["brier_skill"].values())
