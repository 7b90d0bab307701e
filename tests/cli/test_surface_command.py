"""`seawall surface`: from a chain file to page, JSON and exit code; then real chains."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from seawall.cli.app import run
from seawall.connect.deribit_chain import CHAIN, read_chain, snapshot_at
from seawall.connect.option_quotes import chain_rows, smile_moves
from seawall.foundation.errors import InputError
from seawall.report import surface_page
from seawall.report.columns import width_of
from seawall.valuation.black import black
from seawall.valuation.smile import Skew, Smile, SmileRule, shocked_volatility
from seawall.valuation.stickiness import stickiness_by_term
from seawall.valuation.surface_fit import fit_surface
from seawall.valuation.surface_quotes import usable_quotes
from seawall.valuation.surface_report import report_of

DATA = Path(os.environ.get("SEAWALL_DATA", Path(__file__).resolve().parents[2] / "../shared/data"))
CHAINS = {month: DATA / CHAIN.replace("2026-01", month) for month in ("2026-01", "2026-02")}
START = datetime(2026, 1, 1, 8, tzinfo=UTC)
EXPIRIES = [START + timedelta(days=days) for days in (18.0, 36.0, 85.0)]
RATIO = 1.6
SHAPE = Skew(level=0.5, slope=-0.3)
STEPS = np.linspace(-2.5, 2.5, 21)


def made_up(snapshots: int = 1, hours: float = 6.0) -> pl.DataFrame:
    """One currency, three expiries; in every odd interval the smile moves by a known ratio."""
    random = np.random.default_rng(11)
    rows: list[tuple[object, ...]] = []
    smile, forward, factor = Smile(SmileRule.SKEW_STICKINESS, RATIO), 90_000.0, 1.0
    for n in range(snapshots):
        time = START + timedelta(hours=hours * n)
        if n:
            factor = float(np.exp(0.01 * random.normal()))
            forward *= factor
        for expiry in EXPIRIES:
            years = (expiry - time).total_seconds() / (365 * 86_400)
            k = STEPS * 0.5 * np.sqrt(years)
            vol = SHAPE.volatility(k, years)
            if n % 2:  # the smile of the snapshot before, moved by the rule
                own = SHAPE.volatility(k + np.log(factor), years)
                vol = shocked_volatility(smile, SHAPE, np.exp(k) * factor, 1.0, years, own, factor)
            for kind in ("call", "put"):
                low, high = (
                    black(1.0, np.exp(k), years, vol + s, kind == "call") for s in (-0.02, 0.02)
                )
                rows += [
                    (time, kind, forward * ratio, expiry, bid, ask, forward)
                    for ratio, bid, ask in zip(
                        np.exp(k).tolist(), low.tolist(), high.tolist(), strict=True
                    )
                ]
    names = ("timestamp", "option_type", "strike", "expiry_datetime", "bid_price", "ask_price")
    frame = pl.DataFrame(rows, schema=[*names, "futures_price"], orient="row")
    return frame.with_columns(
        pl.format("BTC-{}-{}", pl.col("strike"), pl.col("option_type")).alias("instrument_name"),
        pl.lit("BTC").alias("currency"),
        pl.lit("F").alias("futures_instrument_name"),
        pl.col("futures_price").alias("index_price"),
        pl.lit(0.5).alias("implied_volatility"),
        *(pl.lit(0.0).alias(name) for name in ("mark_price", "open_interest", "volume")),
        *(pl.col(name).dt.cast_time_unit("ms") for name in ("timestamp", "expiry_datetime")),
    )


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    file = tmp_path / "chain.parquet"
    made_up().write_parquet(file)
    return file


def test_the_page_says_what_was_used_and_that_it_is_free_of_arbitrage(
    chain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["surface", str(chain)]) == 0
    page = capsys.readouterr().out
    assert "BTC volatility surface  2026-01-01 08:00 UTC  free of static arbitrage" in page
    assert "63 of 63 fitted volatilities lie between bid and ask (100.0%" in page
    assert "63 of 126 quotes: 63 in the money, twin used." in page
    assert "2026-01-19" in page and "2026-03-27" in page
    assert max(width_of(line) for line in page.splitlines()) <= 100


def test_json_goes_to_a_file_or_to_stdout_and_says_the_same(
    chain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "answer.json"
    assert run(["surface", str(chain), "--json", str(target)]) == 0
    capsys.readouterr()
    assert run(["surface", str(chain), "--json", "-"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said == json.loads(target.read_text())
    (report,) = said
    assert report["schema"] == "seawall/surface/1"
    assert report["arbitrage_free"] is True
    assert [e["used"] for e in report["expiries"]] == [21, 21, 21]
    assert report["expiries"][1]["money"] == pytest.approx(0.5, abs=0.002)
    assert report["expiries"][1]["skew"] == pytest.approx(-0.3, abs=0.02)
    assert all(e["check"]["passed"] for e in report["expiries"])


def test_every_json_key_is_in_the_documentation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "chain.parquet"
    made_up(12).write_parquet(file)
    assert run(["surface", str(file), "--stickiness", "--json", "-"]) == 0
    (report,) = json.loads(capsys.readouterr().out)
    text = (Path(__file__).parents[2] / "docs" / "surface.md").read_text()
    keys = {*report, *report["expiries"][0], *report["expiries"][0]["check"]}
    keys |= {*report["stickiness"][-1], *report["stickiness"][-1]["fitted"]}
    assert not {key for key in keys if f"`{key}`" not in text}


def test_the_stickiness_that_moved_the_smile_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = made_up(14)
    moves = smile_moves(frame, "BTC", None)
    fitted = stickiness_by_term(moves)[-1].fitted
    assert fitted is not None and fitted.intervals == 13
    # Odd intervals move by the ratio; the even ones go back to the shape.
    odd = moves.interval % 2 == 1
    x = moves.skew[odd] * moves.log_return[odd]
    assert float(x @ moves.change[odd] / (x @ x)) == pytest.approx(RATIO, abs=0.1)
    file = tmp_path / "chain.parquet"
    frame.write_parquet(file)
    assert run(["surface", str(file), "--stickiness"]) == 0
    assert "skew-stickiness R" in capsys.readouterr().out


def test_a_gap_between_snapshots_is_not_walked_over() -> None:
    assert smile_moves(made_up(12, hours=13.0), "BTC", None).change.size == 0
    until = START + timedelta(hours=30)
    assert set(smile_moves(made_up(12), "BTC", until).interval) == {1, 2, 3, 4, 5}


def test_an_expiry_that_cannot_be_fitted_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "thin.parquet"
    gone = pl.col("expiry_datetime") == EXPIRIES[0]
    made_up().with_columns(
        pl.when(gone).then(None).otherwise(pl.col("ask_price")).alias("ask_price")
    ).write_parquet(file)
    assert run(["surface", str(file)]) == 0
    assert "Not fitted: the expiry in 18.0 days (42 no ask)." in capsys.readouterr().out


@pytest.mark.parametrize("width", [60, 80, 100, 140])
@pytest.mark.parametrize("colour", [False, True])
def test_the_page_fits_its_terminal(chain: Path, width: int, colour: bool) -> None:
    from seawall.valuation.surface_report import report_json

    fit = fit_surface(usable_quotes(chain_rows(read_chain(chain), "BTC")))
    page = surface_page.render(report_json(report_of(fit)), width, colour)
    assert ("\x1b[" in page) is colour
    if not colour:
        assert max(width_of(line) for line in page.splitlines()) <= width


def edited(**columns: pl.Expr) -> pl.DataFrame:
    return made_up().with_columns(**columns)


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (edited(bid_price=pl.col("ask_price") + 0.1), "126 bid at or above ask"),
        (edited(ask_price=pl.lit(3.0)), "126 ask above upper bound"),
        (edited(expiry_datetime=pl.col("expiry_datetime") - pl.duration(days=99)), "126 expired"),
        (edited(bid_price=pl.lit(None, dtype=pl.Float64)), "126 no bid"),
        (made_up().head(0), "the chain is empty"),
        (made_up().head(2), "no expiry of BTC has 3 usable strikes"),
        (edited(strike=pl.lit(0.0)), "the strike is 0; expected a price above 0"),
        (edited(option_type=pl.lit("straddle")), "of the type 'straddle'; expected call or put"),
        (made_up().drop("ask_price"), "the column is missing"),
        (edited(**{n: 1000 * pl.col(n) for n in ("bid_price", "ask_price")}), "prices in coin"),
        (
            edited(**{n: 10 * pl.col(n) for n in ("bid_price", "ask_price")}).filter(
                (pl.col("option_type") == "call") == (pl.col("strike") > pl.col("futures_price"))
            ),
            "bid and ask in coin",
        ),
    ],
    ids=[
        *["crossed", "bounds", "expired", "no bid", "empty", "one strike", "zero", "kind"],
        *["column", "unit", "unit, out of the money"],
    ],
)
def test_bad_chains_end_with_one_sentence(
    frame: pl.DataFrame, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad.parquet"
    frame.write_parquet(file)
    assert run(["surface", str(file)]) == 1
    told = capsys.readouterr()
    assert says in told.err and told.err.count("\n") == 1
    assert str(file) in told.err and "row 0" not in told.err
    assert told.out == ""


@pytest.mark.parametrize("inside", [False, True])
def test_a_directory_is_no_chain(
    chain: Path, inside: bool, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = chain.parent if inside else tmp_path / "nothing"
    folder.mkdir(exist_ok=True)
    assert run(["surface", str(folder)]) == 1
    said = capsys.readouterr().err
    assert f"{folder}: is a directory; expected an option chain in Parquet" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--at", "yesterday"], "'yesterday' is not a time"),
        (["--at", "2025-01-01"], "no snapshot at or before 2025-01-01 00:00 UTC"),
        (["--underlying", "SOL"], "no option on 'SOL'; expected one of BTC"),
        (["--json", "nowhere/at/all.json"], "the folder nowhere/at does not exist"),
    ],
)
def test_bad_options_end_with_one_sentence(
    arguments: list[str], says: str, chain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["surface", str(chain), *arguments]) == 1
    assert says in capsys.readouterr().err


def test_no_file_and_no_chain_end_with_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text.parquet"
    text.write_text("not a chain")
    for file in (tmp_path / "missing.parquet", text, tmp_path):
        assert run(["surface", str(file)]) == 1
        assert "expected an option chain in Parquet" in capsys.readouterr().err


def real(month: str) -> pl.DataFrame:
    file = CHAINS[month]
    if not file.is_file():
        print(f"SKIPPED: {file} is not there; set SEAWALL_DATA to the folder of real data")
        pytest.skip("no real data")
    return read_chain(file)


SLOW = pytest.mark.slow


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("month", "at", "underlying", "least"),
    [
        pytest.param("2026-02", "2026-02-05T22:00", "BTC", 0.975, id="the crash of 5 February"),
        pytest.param("2026-02", "2026-02-05T22:00", "ETH", 0.985, id="crash ETH", marks=SLOW),
        pytest.param("2026-01", "2026-01-15T22:00", "BTC", 0.975, id="calm BTC", marks=SLOW),
        pytest.param("2026-01", "2026-01-15T22:00", "ETH", 0.975, id="calm ETH", marks=SLOW),
    ],
)
def test_real_chains_are_fitted_between_bid_and_ask(
    month: str, at: str, underlying: str, least: float
) -> None:
    when = datetime.fromisoformat(at).replace(tzinfo=UTC)
    rows = chain_rows(snapshot_at(real(month), when), underlying)
    report = report_of(fit_surface(usable_quotes(rows)))
    print(
        f"{underlying} {at}: {report.inside_share:.3f} inside, eSSVI "
        f"{report.essvi_inside_share:.3f}"
    )
    assert report.arbitrage_free and report.curve == "SVI with bump"
    assert report.inside_share >= least
    assert report.used + sum(report.dropped.values()) == rows.strike.size


@pytest.mark.realdata
@pytest.mark.slow
@pytest.mark.parametrize("month", ["2026-01", "2026-02"])
def test_every_eighth_real_snapshot_is_free_of_arbitrage(month: str) -> None:
    chain = real(month)
    shares = []
    for time in chain["timestamp"].unique().sort().to_list()[::8]:
        for underlying in ("BTC", "ETH"):
            rows = chain_rows(snapshot_at(chain, time), underlying)
            report = report_of(fit_surface(usable_quotes(rows)))
            assert report.arbitrage_free, (time, underlying)
            shares.append(report.inside_share)
    print(f"{month}: {len(shares)} fits, inside {np.mean(shares):.3f}, least {min(shares):.3f}")
    assert np.mean(shares) > 0.95


@pytest.mark.realdata
@pytest.mark.slow
def test_real_volatility_follows_spot_by_more_than_sticky_strike() -> None:
    for underlying in ("BTC", "ETH"):
        fitted = stickiness_by_term(smile_moves(real("2026-02"), underlying, None))[-1].fitted
        assert fitted is not None
        print(f"{underlying}: R {fitted.ratio:.2f} +- {fitted.error:.2f}")
        assert fitted.ratio - 2.0 * fitted.error > 1.0
        assert fitted.explained > fitted.strike_explained


def test_an_underlying_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="no option on 'ETH'; expected one of BTC"):
        chain_rows(made_up(), "ETH")
