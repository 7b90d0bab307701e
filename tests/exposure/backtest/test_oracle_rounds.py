"""Recorded rounds: order, holes, the market beside a feed; gaps and recoveries worked by hand."""

import numpy as np
import polars as pl
import pytest

from seawall.exposure.backtest.oracle_fit import fit_rule
from seawall.exposure.backtest.oracle_model import Chunks, recorded
from seawall.exposure.backtest.oracle_rounds import Rounds, holes, market_of, read_rounds
from seawall.foundation.errors import InputError
from seawall.scenario.fit.prices import Prices

PHASE = 6 << 64


def _file(folder, rows, name="rounds.csv"):
    path = folder / name
    text = "\n".join(f"{feed},{number},{time},{price}" for feed, number, time, price in rows)
    path.write_text(f"feed,round_id,ts,price\n{text}\n")
    return path


def test_numbers_beyond_64_bits_order_rounds_of_one_second_and_the_later_one_stands(tmp_path):
    path = _file(
        tmp_path,
        [
            ("BTC/USD", PHASE + 11, 1_000, 101.0),
            ("BTC/USD", PHASE + 10, 1_000, 100.0),
            ("BTC/USD", PHASE + 12, 4_600, 102.0),
        ],
    )
    (found,) = read_rounds([path])
    assert found.time.tolist() == [1_000, 4_600]
    assert found.price.tolist() == [101.0, 102.0]
    assert found.follows.tolist() == [0, 1]


def test_silence_is_a_hole_where_numbers_are_missing_and_lateness_where_they_follow(tmp_path):
    hour = 3_600
    numbers = [1, 2, 3, 100, 101]
    times = [0, hour, 4 * hour, 9 * hour, 14 * hour]
    rows = [("A/USD", PHASE + n, t, 1.0) for n, t in zip(numbers, times, strict=True)]
    (found,) = read_rounds([_file(tmp_path, rows)])
    # 3 follows 2 three hours late and 101 follows 100 five; 3 and 100 have 96 between them.
    assert holes(found, hour) == [(4 * hour, 9 * hour)]
    again = [("A/USD", (7 << 64) + 1, 30 * hour, 1.0)]
    (other,) = read_rounds([_file(tmp_path, rows + again)])
    assert holes(other, hour)[-1] == (14 * hour, 30 * hour), "a new phase cannot be compared"


def test_parquet_with_times_and_categories_reads_the_same(tmp_path):
    rows = [("ETH/BTC", str(PHASE + n), 3_600 * n, 0.05) for n in range(3)]
    frame = pl.DataFrame(rows, schema=["feed", "round_id", "ts", "price"], orient="row")
    frame = frame.with_columns(
        pl.col("feed").cast(pl.Categorical), pl.from_epoch("ts", time_unit="s")
    )
    frame.write_parquet(tmp_path / "rounds.parquet")
    (found,) = read_rounds([tmp_path / "rounds.parquet"])
    assert (found.feed, found.time.tolist()) == ("ETH/BTC", [0, 3_600, 7_200])


@pytest.mark.parametrize("form", ["{} UTC", "{}Z", "{}+00:00", "{}"])
def test_times_as_text_are_read_as_utc(tmp_path, form):
    path = tmp_path / "rounds.csv"
    stamps = [form.format(f"2023-04-05 0{n}:00:35") for n in range(3)]
    lines = [f"A/USD,{n},{stamp},1.5" for n, stamp in enumerate(stamps)]
    path.write_text("feed,round_id,ts,price\n" + "\n".join(lines) + "\n")
    (found,) = read_rounds([path])
    assert found.time.tolist() == [1_680_652_835 + 3_600 * n for n in range(3)]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("feed,round_id,ts\n", "price"),
        ("feed,round_id,ts,price\nA/USD,1,0,-1\n", "above 0"),
        ("feed,round_id,ts,price\nA/USD,1,soon,1\n", "type"),
    ],
)
def test_what_is_no_record_is_refused_in_a_sentence(tmp_path, text, part):
    path = tmp_path / "rounds.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=part):
        read_rounds([path])


def test_market_of_a_feed_is_its_coin_or_the_ratio_of_two():
    times = np.arange(4) * 300
    close = np.array([[2.0, 40.0], [2.0, 40.0], [np.nan, 40.0], [1.0, 40.0]])
    prices = Prices(("ETH", "BTC"), 300, times, close)
    pair = market_of("ETH / BTC", [prices])
    assert pair is not None
    np.testing.assert_allclose(np.exp(pair.log), [0.05, 0.05, 0.025])
    # The bar that begins at 0 closes at 300; the missing bar stays missing.
    assert pair.time.tolist() == [300, 600, 1_200]
    coin = market_of("eth/usd", [prices])
    assert coin is not None
    np.testing.assert_allclose(np.exp(coin.log), [2.0, 2.0, 1.0])
    assert market_of("stETH/ETH", [prices]) is None
    finer = Prices(("BTC",), 60, np.arange(3) * 60, np.full((3, 1), 40.0))
    assert market_of("BTC/USD", [prices, finer]).seconds == 60


def test_gap_and_recovery_worked_by_hand():
    """Deviation 1%. Closes 100, 100, 102, 102, 102 at 0, 300, ..., 1200; rounds 100 at 0, 101.5 at
    640. Gaps at 300, 600, 900, 1200: 0, 1 - 100/102 = 1.96%, |101.5/102 - 1| = 0.49%, the same.
    The recovery begins at 600 and ends with the round at 640: 40 s.
    """
    log = np.log(np.array([[100.0, 100.0, 102.0, 102.0, 102.0]]))
    time = np.arange(5)[None, :] * 300
    chunks = Chunks(time, log, np.zeros((1, 4)), 0, 300)
    rounds = Rounds("A/USD", np.array([0, 640]), np.array([100.0, 101.5]), np.array([0, 1]))
    found = recorded(chunks, rounds, 0.01)
    np.testing.assert_allclose(
        found.gap[0, :, 0], [0.0, 1 - 100 / 102, 1 - 101.5 / 102, 1 - 101.5 / 102], atol=1e-12
    )
    assert found.recovery[0][2].tolist() == [40.0]
    assert found.pause[0][2].tolist() == [640.0]


def test_rule_is_read_off_rounds_although_a_fifth_of_them_follow_no_rule():
    rng = np.random.default_rng(3)
    time, price, rows = 0, 100.0, []
    for _ in range(600):
        kind = rng.choice(3, p=[0.5, 0.3, 0.2])
        pause = 3_612 if kind == 0 else int(rng.integers(60, 3_000))
        move = {0: rng.normal(0, 0.002), 1: 0.005 + rng.exponential(3e-4), 2: rng.normal(0, 1e-3)}
        time, price = time + pause, price * (1 + move[kind] * rng.choice([-1, 1]))
        rows.append((time, price))
    times, prices = (np.array(column) for column in zip(*rows, strict=True))
    rounds = Rounds("A/USD", times, prices, np.ones(times.size, dtype=np.int64))
    rule, _ = fit_rule(rounds)
    assert rule.heartbeat == 3_612
    assert rule.deviation == pytest.approx(0.005, rel=0.01)
    assert rule.phase is None, "the heartbeat starts anew with every round"
    # A fifth of 600 rounds, in some 14 days.
    assert rule.extra == pytest.approx(120 / times[-1], rel=0.25)


def test_clock_of_its_own_is_told_from_a_heartbeat_that_starts_anew():
    rng = np.random.default_rng(4)
    clock = np.arange(400) * 3_600 + 1_234
    other = rng.choice(clock, 80, replace=False) + rng.integers(200, 3_400, 80)
    times = np.sort(np.concatenate([clock, other]))
    prices = np.exp(np.cumsum(rng.normal(0, 1e-3, times.size)))
    rule, _ = fit_rule(Rounds("A/USD", times, prices, np.ones(times.size, dtype=np.int64)))
    assert rule.phase == pytest.approx(1_234, abs=1)


def test_heartbeat_that_never_comes_is_the_longest_pause_and_no_mode_of_short_ones():
    """A volatile market: every round by deviation, pauses exponential around 400 s."""
    rng = np.random.default_rng(5)
    pause = np.maximum(rng.exponential(400.0, 3_000).astype(np.int64), 12)
    moves = (0.001 + rng.exponential(5e-5, pause.size)) * rng.choice([-1, 1], pause.size)
    prices = 100.0 * np.cumprod(1.0 + moves)
    rounds = Rounds("A/USD", np.cumsum(pause), prices, np.ones(pause.size, dtype=np.int64))
    rule, _ = fit_rule(rounds)
    # The pause before the first round is not seen.
    assert rule.heartbeat == pause[1:].max()
    assert rule.deviation == pytest.approx(0.001, rel=0.01)
