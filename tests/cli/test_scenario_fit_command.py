"""`seawall scenarios fit` from files to a Case that runs."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from seawall.cli.app import app
from seawall.scenario.models import MODELS, WITH_PARAMETERS

START = datetime(2024, 1, 1, tzinfo=UTC)
BARS = 4_000


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two coins, hourly: normal moves whose size wanders, and 60 common jumps down."""
    random = np.random.default_rng(1)
    size = np.repeat(np.exp(0.5 * random.standard_normal(BARS // 100)), 100)
    z = random.standard_normal((BARS, 2))
    move = 0.005 * size[:, None] * np.stack([z[:, 0], 0.7 * z[:, 0] + 0.7 * z[:, 1]], axis=1)
    move[random.choice(BARS, 60, replace=False)] -= 0.05
    times = [START + timedelta(hours=n) for n in range(BARS)]
    tables = [
        pl.DataFrame({"ts": times, "close": np.exp(np.cumsum(move[:, k])), "symbol": name})
        for k, name in enumerate(("BTCUSDT", "ETHUSDT"))
    ]
    file = tmp_path_factory.mktemp("bars") / "bars.parquet"
    pl.concat(tables).write_parquet(file)
    return file


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["scenarios", "fit", *arguments])
    return result.exit_code, result.output


def merged(folder: Path, fragment: Path) -> None:
    """The sample Case's market with the fragment's numbers, written the long way round."""
    market = folder / "market.toml"
    table = tomllib.loads(market.read_text())
    # One pair changed alone can contradict the sample's other pairs.
    del table["correlation"]
    for key, value in tomllib.loads(fragment.read_text()).items():
        inner = table.setdefault(key, {})
        for name, one in value.items():
            if isinstance(one, dict) and isinstance(inner.get(name), dict):
                inner[name] |= one
            else:
                inner[name] = one
    market.write_text(toml(table))


def toml(table: dict, path: str = "") -> str:  # type: ignore[type-arg]
    plain = {k: v for k, v in table.items() if not isinstance(v, dict)}
    lines = [f"[{path}]"] if path and plain else []
    lines += [f"{json.dumps(k)} = {written(v)}" for k, v in plain.items()]
    for key, value in table.items():
        if isinstance(value, dict):
            name = f"{path}.{json.dumps(key)}" if path else json.dumps(key)
            lines.append(toml(value, name))
    return "\n".join(lines)


def written(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else json.dumps(value)


QUICK = ("jump_diffusion", "bootstrap")


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(name, marks=() if name in QUICK else pytest.mark.slow)
        for name in (*MODELS, *WITH_PARAMETERS)
    ],
)
def test_every_model_is_fitted_and_its_tables_make_a_case_run(
    bars: Path, tmp_path: Path, model: str
) -> None:
    from seawall.casefile import load_case
    from seawall.casefile.sample_case import sample_case
    from seawall.casefile.save import save_case
    from seawall.scenario import exogenous_paths

    out = tmp_path / "scenario.toml"
    code, text = run(
        "--prices", str(bars), "--model", model, "--out", str(out), "--paths", "40", "--json"
    )
    assert code == 0, text
    answer = json.loads(text)
    assert answer["model"] == model
    assert answer["priors"]["branching_ratio"] == 0.3
    numbers = [x for x in answer["parameters"].values() if isinstance(x, dict)]
    assert all(np.isfinite([x["value"], x["error"]]).all() for x in numbers)

    case = tmp_path / "case"
    save_case(sample_case(), case)
    if model == "bootstrap":
        (case / "fitted.csv").write_bytes((tmp_path / "fitted.csv").read_bytes())
    merged(case, out)
    loaded = load_case(case)
    market = loaded.market
    assert market.scenario.model == model
    assert market.scenario.label == "exogenous"
    assert market.scenario.branching_ratio == 0.0
    assert market.assets["BTC"].volatility == answer["volatility"]["BTC"]["value"]
    paths = exogenous_paths(
        market, ("BTC", "ETH"), step_seconds=3_600.0, steps=24, paths=np.arange(4), seed=1
    )
    assert np.all(np.isfinite(paths)) and np.all(paths > 0.0)


def test_the_page_says_what_is_fitted_and_what_is_stated(bars: Path) -> None:
    code, text = run("--prices", str(bars), "--model", "diffusion", "--paths", "40")
    assert code == 0
    assert "fitted on 2024-01-01T00:00" in text
    assert "branching ratio n: prior 0.3 +- 0.15, range 0 to 0.6. Not fitted" in text
    code, text = run("--prices", str(bars), "--model", "diffusion", "--paths", "40", "--total")
    assert 'label "total"' in text
    assert "none can be fitted to prices" in " ".join(text.split())


def test_no_line_of_the_page_is_wider_than_the_terminal(bars: Path) -> None:
    from seawall.report.columns import width_of
    from seawall.report.scenario_fit_page import render

    code, text = run("--prices", str(bars), "--model", "heavy_tail", "--paths", "40", "--json")
    assert code == 0
    answer = json.loads(text)
    inside = sum(row["inside"] for row in answer["goodness"]["statistics"])
    for width in (40, 60, 100, 200):
        page = render(answer, width)
        assert max(width_of(line) for line in page.splitlines()) <= width
        assert "…" not in page
        flat = " ".join(page.split())
        assert f"{inside} of {len(answer['goodness']['statistics'])} statistics" in flat
        assert "0.024 is the least that 40 histories can say" in flat


def test_the_tables_say_how_a_case_takes_them_in_and_a_second_table_is_refused(
    bars: Path, tmp_path: Path
) -> None:
    from seawall.casefile import load_case, new_case
    from seawall.foundation.errors import InputError

    out = tmp_path / "scenario.toml"
    code, _ = run("--prices", str(bars), "--model", "diffusion", "--out", str(out), "--paths", "40")
    assert code == 0
    assert "do not append the tables" in " ".join(out.read_text().replace("#", " ").split())
    case = tmp_path / "case"
    new_case(case)
    with (case / "market.toml").open("a") as file:
        file.write(out.read_text())
    with pytest.raises(InputError, match="put the keys of the second table into the first"):
        load_case(case)


def test_a_fit_tells_how_far_it_is(bars: Path) -> None:
    from seawall.scenario.fit.prices import read_prices, split_time
    from seawall.scenario.fit.run import fit_model
    from seawall.scenario.fit.written import Prior

    told: list[float] = []
    table = read_prices([bars], None)
    fit_model(
        table,
        "diffusion",
        split_time(table, None),
        Prior(None),
        {},
        40,
        1,
        lambda share, text: told.append(share),
    )
    assert told == sorted(told) and told[-1] == 1.0 and len(told) > 40


def test_the_same_command_prints_the_same(bars: Path) -> None:
    words = (
        "--prices",
        str(bars),
        "--model",
        "diffusion",
        "--symbols",
        "BTCUSDT",
        "--paths",
        "40",
        "--json",
    )
    assert run(*words) == run(*words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--model", "levy"), "model 'levy'"),
        (("--model", "diffusion", "--symbols", "BTCUSDT,BTCUSDT"), "each asset once"),
        (("--model", "diffusion", "--until", "soon"), "'soon' is not a time"),
        (("--model", "diffusion", "--until", "2024-01-02"), "at least 500 on each side"),
    ],
)
def test_slips_are_sentences(bars: Path, words: tuple[str, ...], said: str) -> None:
    result = CliRunner().invoke(app, ["scenarios", "fit", "--prices", str(bars), *words])
    assert result.exit_code != 0
    assert said in str(result.exception) + result.output
