"""P&L explain: parts that sum, named causes on made books, real chains through a crash."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from seawall.cli.app import run
from seawall.exposure.pnl.explain import explain, hedge_sizes
from seawall.exposure.pnl.option_legs import OptionLegs, Seen, value
from seawall.exposure.pnl.smile_parts import smile_parts

DATA = Path(os.environ.get("SEAWALL_DATA", Path(__file__).resolve().parents[3] / "../shared/data"))
STRIKES = np.array([70e3, 75e3, 80e3, 85e3, 90e3, 95e3])


def _legs():
    count = STRIKES.size
    return OptionLegs(
        name=tuple(f"BTC-{k:.0f}" for k in STRIKES),
        size=np.array([3.0, -2.0, 1.0, -1.0, 2.0, -3.0]),
        strike=STRIKES,
        call=np.arange(count) % 2 == 0,
        smile=np.zeros(count, dtype=np.int64),
        coin=np.zeros(count, dtype=np.int64),
    )


def _seen(legs, index=80e3, basis=1.01, years=0.1, vol=0.5, mark_error=0.0):
    count = legs.size.size
    full = np.ones(count)
    vols = vol * full
    forward = index * basis * full
    worth = value(legs, index * full, forward, years * full, vols) / index
    return Seen(
        index * full, forward, years * full, vols, worth + mark_error, full * np.nan, full * np.nan
    )


def _parts(before, after, hedge=0.0):
    legs = _legs()
    return explain(legs, before, after, np.array([hedge]))


def test_parts_sum_to_the_pnl_of_every_leg_both_ways():
    legs = _legs()
    before = _seen(legs)
    after = _seen(legs, index=74e3, basis=1.004, years=0.09, vol=0.62, mark_error=1e-4)
    found = _parts(before, after, hedge=0.7)
    for way in (found.revalued, found.taylor):
        total = np.sum(list(way.values()), axis=0) + found.unexplained
        np.testing.assert_allclose(total, found.pnl, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(found.unexplained[:-1], legs.size * 1e-4 * 74e3, rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"years": 0.08}, "time"),
        ({"index": 83e3}, "spot"),
        ({"basis": 1.03}, "basis"),
        ({"vol": 0.55}, "level"),
    ],
)
def test_one_known_cause_is_named(change, cause):
    legs = _legs()
    found = _parts(_seen(legs), _seen(legs, **change))
    np.testing.assert_allclose(found.revalued[cause], found.pnl, rtol=1e-9, atol=1e-6)
    for name, part in found.revalued.items():
        if name != cause:
            np.testing.assert_allclose(part, 0.0, atol=1e-6)
    assert found.ratio < 1e-12


def _with_smile(legs, seen, volatility):
    worth = value(legs, seen.index, seen.forward, seen.years, volatility) / seen.index
    return Seen(seen.index, seen.forward, seen.years, volatility, worth, seen.bid, seen.ask)


def test_a_tilted_smile_is_skew_and_a_bent_one_curvature():
    legs = _legs()
    flat = _seen(legs)
    x = np.log(legs.strike / flat.forward) / (0.5 * np.sqrt(0.1))
    for bend, name in ((-0.02 * x, "skew"), (0.01 * x * x, "curvature")):
        # The volatility nearest the forward is the unit of moneyness: keep it at 50%.
        smile = 0.5 + bend - bend[np.argmin(np.abs(x))]
        after = _with_smile(legs, flat, smile)
        found = _parts(flat, after)
        assert np.abs(found.revalued["own"]).sum() < 1e-6 * np.abs(found.pnl).sum()
        gross = {part: np.abs(value).sum() for part, value in found.revalued.items()}
        assert max(gross, key=gross.get) == name
        parts = smile_parts(legs, after)
        np.testing.assert_allclose(
            parts.level + parts.skew + parts.curvature + parts.own, smile, rtol=1e-12
        )


def test_one_quote_that_moves_alone_is_its_own():
    legs = _legs()
    flat = _seen(legs)
    vols = np.full(STRIKES.size, 0.5)
    vols[-1] += 0.05
    found = _parts(flat, _with_smile(legs, flat, vols))
    gross = {part: np.abs(v).sum() for part, v in found.revalued.items()}
    assert gross["own"] > 0.2 * np.abs(found.pnl).sum()
    assert found.ratio < 1e-12


def test_taylor_by_finite_differences():
    legs = _legs()
    before = _seen(legs)
    after = _seen(legs, index=80e3 * (1 + 1e-4), years=0.1 - 1e-6, vol=0.5 + 1e-4)
    found = _parts(before, after)
    gross = np.abs(found.pnl[:-1])
    # Second order in moves of 1e-4: what is left is of third order.
    assert np.all(np.abs(found.taylor["higher_order"][:-1]) < 1e-4 * gross)


def test_the_hedge_takes_the_delta_away():
    legs = _legs()
    before = _seen(legs)
    hedge = hedge_sizes(legs, before)
    for move in (1e-5, -1e-5):
        after = _seen(legs, index=80e3 * (1 + move))
        found = explain(legs, before, after, hedge)
        assert abs(found.pnl.sum()) < 1e-3 * np.abs(found.pnl).sum()
        assert abs(found.taylor["delta"].sum()) < 1e-8 * np.abs(found.taylor["delta"]).sum()


def _chain(file, gap_hours=6):
    """Two snapshots of one expiry, marks by the venue's formula, volatility rounded as it does."""
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    expiry = begin + timedelta(days=40)
    rows = []
    for n, (index, vol) in enumerate(((80e3, 0.5), (76e3, 0.58))):
        at = begin + timedelta(hours=gap_hours * n)
        years = (expiry - at).total_seconds() / (365 * 86_400)
        legs = _legs()
        seen = _seen(legs, index=index, years=years, vol=vol)
        for k, strike in enumerate(STRIKES):
            side = "call" if legs.call[k] else "put"
            rows.append(
                {
                    "timestamp": at, "instrument_name": f"BTC-10FEB26-{strike:.0f}-{side}",
                    "option_type": side, "strike": strike, "expiry_datetime": expiry,
                    "bid_price": seen.mark[k] - 2e-4, "ask_price": seen.mark[k] + 2e-4,
                    "mark_price": round(seen.mark[k], 6), "futures_price": seen.forward[k],
                    "futures_instrument_name": "BTC-10FEB26", "implied_volatility": vol,
                    "open_interest": 100.0 - k, "volume": 1.0, "currency": "BTC",
                    "index_price": index,
                }
            )  # fmt: skip
    frame = pl.DataFrame(rows).with_columns(
        pl.col("timestamp", "expiry_datetime").cast(pl.Datetime("ms", "UTC"))
    )
    frame.write_parquet(file)


def test_through_the_command(tmp_path, capsys):
    file, answer = tmp_path / "chain.parquet", tmp_path / "answer.json"
    _chain(file)
    assert run(["backtest", "--chains", str(file), "--json", str(answer)]) == 0
    page = capsys.readouterr().out
    assert "full revaluation" in page
    found = json.loads(answer.read_text())
    assert found["intervals"] == found["within_tolerance"] == 1
    row = found["rows"][0]
    assert row["index_move"] == pytest.approx(-0.05)
    assert sum(row["revalued"].values()) + row["unexplained_net"] == pytest.approx(row["net"])
    assert row["unexplained_gross"] <= row["rounding"] * (1 + 1e-9)
    # The hedge is explained by definition: without it the same error is a larger share.
    total = found["total"]
    hedged = total["gross"] - total["options_gross"]
    assert hedged > 0.0
    assert total["options_ratio"] * (total["gross"] - hedged) == pytest.approx(
        total["ratio"] * total["gross"]
    )
    assert f"without the hedges {total['options_gross']:,.0f}" in page


def test_snapshots_far_apart_are_no_interval(tmp_path, capsys):
    file = tmp_path / "chain.parquet"
    _chain(file, gap_hours=13)
    assert run(["backtest", "--chains", str(file)]) == 1
    assert "neighbours" in capsys.readouterr().err


@pytest.mark.realdata
@pytest.mark.slow
def test_real_chains_through_the_crash_of_february(tmp_path):
    files = [DATA / f"options/deribit_btc_eth_chain_2026-{month}.parquet" for month in ("01", "02")]
    if not all(file.is_file() for file in files):
        print("SKIPPED: the option chains are absent; SEAWALL_DATA names their folder")
        pytest.skip("SEAWALL_DATA holds no option chains of January and February 2026")
    answer = tmp_path / "answer.json"
    given = [word for file in files for word in ("--chains", str(file))]
    assert run(["backtest", *given, "--json", str(answer)]) == 0
    found = json.loads(answer.read_text())
    assert found["total"]["ratio"] < 0.01
    crash = found["largest_move"]
    assert crash["begin"].startswith("2026-02-05")
    assert crash["ratio"] < 0.01
    assert all(row["cause"] for row in found["exceptions"])
