"""Scenario models in market.toml: read, refused with file and line, saved and read again."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from seawall.cascade.engine import BASE, Runs, draw, prepare
from seawall.casefile import load_case, sample_case, save_case
from seawall.foundation.errors import InputError

TAIL = "[scenario.heavy_tail]\nleft_index = 3.0\nright_index = 4.0\n"
BLOCKS = '[scenario.bootstrap]\nhistory = "past/hourly.csv"\nblock_seconds = 86400.0\n'


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_case(sample_case(crowd=3), tmp_path_factory.mktemp("case") / "sample")


def with_model(sample: Path, folder: Path, model: str, text: str, history: str = "") -> Path:
    """A copy of the sample under another model; its history in a folder of its own."""
    shutil.copytree(sample, folder)
    market = folder / "market.toml"
    lines = [
        f'model = "{model}"' if line.startswith("model =") else line
        for line in market.read_text("utf-8").splitlines()
    ]
    market.write_text("\n".join(lines) + "\n\n" + text, "utf-8")
    if history:
        (folder / "past").mkdir()
        (folder / "past" / "hourly.csv").write_text(history, "utf-8")
    return folder


def history_of(assets: list[str]) -> str:
    """Five prices, one every five minutes, with a gap of one asset in the third row."""
    rows = ["time," + ",".join(assets)]
    for n in range(5):
        prices = [str(100.0 + (7 * n + i) % 5) for i in range(len(assets))]
        if n == 2:
            prices[0] = ""
        rows.append(f"2025-01-01T00:{5 * n:02d}:00Z," + ",".join(prices))
    return "\n".join(rows) + "\n"


def moving(sample: Path) -> list[str]:
    assets = load_case(sample).market.assets
    return [name for name, state in assets.items() if state.volatility > 0.0]


def test_a_model_is_read_drawn_and_survives_saving(sample: Path, tmp_path: Path) -> None:
    case = load_case(with_model(sample, tmp_path / "one", "heavy_tail", TAIL))
    assert case.market.scenario.parameters["heavy_tail"]["left_index"] == 3.0  # type: ignore[index]
    again = load_case(save_case(case, tmp_path / "two"))
    assert again.market.scenario == case.market.scenario
    runs = Runs(np.arange(4), np.zeros(4, dtype=np.int64))
    one, two = (draw(prepare(c), (BASE,), runs, 6, 3) for c in (case, again))
    assert np.array_equal(one, two)
    plain = draw(prepare(load_case(sample)), (BASE,), runs, 6, 3)
    assert not np.array_equal(one, plain)


def test_a_history_is_read_with_its_gaps_hashed_and_saved(sample: Path, tmp_path: Path) -> None:
    names = moving(sample)
    case = load_case(with_model(sample, tmp_path / "one", "bootstrap", BLOCKS, history_of(names)))
    past = case.market.histories["past/hourly.csv"]
    assert past.assets == tuple(names)
    assert past.bar_seconds == 300
    assert np.isnan(past.price).sum() == 1 and np.isnan(past.price[2, 0])
    assert "past/hourly.csv" in case.files
    again = load_case(save_case(case, tmp_path / "two"))
    saved = again.market.histories["past/hourly.csv"]
    assert np.array_equal(saved.price, past.price, equal_nan=True)
    assert np.array_equal(saved.time, past.time)
    other = history_of(names).replace("104.0", "104.5")
    changed = load_case(with_model(sample, tmp_path / "three", "bootstrap", BLOCKS, other))
    assert changed.digest != case.digest


def test_filtered_history_reads_and_saves_both_of_its_tables(sample: Path, tmp_path: Path) -> None:
    names = moving(sample)
    text = (
        '[scenario.filtered_history]\nhistory = "past/hourly.csv"\n'
        'forecasts = "past/forecasts.csv"\nwindow_seconds = 300.0\n'
    )
    folder = with_model(sample, tmp_path / "one", "filtered_history", text, history_of(names))
    flat = "\n".join(["time," + ",".join(names), "2025-01-01T00:15:00Z" + ",0.5" * len(names)])
    (folder / "past" / "forecasts.csv").write_text(flat + "\n", "utf-8")
    case = load_case(folder)
    again = load_case(save_case(case, tmp_path / "two"))
    assert again.market.histories["past/forecasts.csv"].price.tolist() == [[0.5] * len(names)]
    (folder / "past" / "forecasts.csv").unlink()
    with pytest.raises(InputError, match=r"forecasts is 'past/forecasts.csv', which is not there"):
        load_case(folder)


@pytest.mark.parametrize(
    ("model", "text", "history", "said"),
    [
        ("heavy_tail", "", "", "scenario.heavy_tail.left_index is missing"),
        ("heavy_tail", TAIL.replace("3.0", "1.5"), "", "left_index is 1.5"),
        ("heavy_tail", TAIL + "freedom = 3\n", "", "3 degrees of freedom"),
        ("heavy_tail", TAIL + "sigma = 3\n", "", "sigma is not a known key"),
        ("garch", "", "", "scenario.model is 'garch'"),
        ("diffusion", TAIL + "freedom = 3\n", "", "3 degrees of freedom"),
        ("bootstrap", BLOCKS, "", "past/hourly.csv', which is not there"),
        ("bootstrap", BLOCKS.replace("past/", "../"), "", "a table of this case's folder"),
        ("bootstrap", BLOCKS, "time\n2025-01-01T00:00:00Z\n", "no column of prices"),
        ("bootstrap", BLOCKS, "time,BTC\n2025-01-01T00:00:00Z,-3\n", "row 2, column 'BTC'"),
        ("bootstrap", BLOCKS, "time,BTC\nyesterday,3\n", "row 2, column 'time'"),
        (
            "bootstrap",
            BLOCKS,
            "time,BTC\n2025-01-01T00:05:00Z,3\n2025-01-01T00:00:00Z,4\n",
            "row 3, column 'time'",
        ),
    ],
)
def test_what_cannot_be_used_is_refused(
    sample: Path, tmp_path: Path, model: str, text: str, history: str, said: str
) -> None:
    folder = with_model(sample, tmp_path / "wrong", model, text, history)
    with pytest.raises(InputError) as refused:
        load_case(folder)
    assert said in str(refused.value)
    assert ("market.toml" in str(refused.value)) or "past/hourly.csv" in str(refused.value)


def test_only_an_option_has_an_implied_slope(sample: Path, tmp_path: Path) -> None:
    folder = tmp_path / "slope"
    shutil.copytree(sample, folder)
    market = folder / "market.toml"
    text = market.read_text("utf-8")
    name = next(i.name for i in load_case(sample).book.instruments if "PERP" in i.name.upper())
    at = text.index(f"[instruments.{name}]") if f"[instruments.{name}]" in text else -1
    assert at >= 0
    end = text.index("\n", at)
    market.write_text(text[:end] + "\nimplied_slope = -1.0" + text[end:], "utf-8")
    with pytest.raises(InputError, match="implied_slope is given, but it is no option"):
        load_case(folder)
