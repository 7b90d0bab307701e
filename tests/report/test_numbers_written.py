"""How numbers are written: digits, units, and no None or nan anywhere."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.report import numbers

WRITERS = [
    numbers.percent,
    numbers.points,
    numbers.money,
    numbers.amount,
    numbers.price,
    numbers.ratio,
    numbers.days,
    numbers.sigmas,
    numbers.horizon,
    numbers.long_horizon,
    numbers.signed_shock,
]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (numbers.percent(0.031), "3.10%"),
        (numbers.percent(0.00004), "0.0040%"),
        (numbers.percent(0.0), "0.00%"),
        (numbers.percent(1.0), "100.00%"),
        (numbers.percent(-0.119, 1), "-11.9%"),
        (numbers.interval(0.017, 0.053, None), "1.7 to 5.3%"),
        (numbers.interval(0.0004, 0.0033, None), "0.04 to 0.33%"),
        (numbers.interval(0.02778, 0.03458), "2.78 to 3.46%"),
        (numbers.interval(0.0, 0.0004), "0.00 to 0.04%"),
        (numbers.interval(None, 0.1), "-"),
        (numbers.points(0.0116, signed=True), "+1.16"),
        (numbers.points(-0.0006, signed=True), "-0.06"),
        (numbers.money(1_840_000), "1.84M"),
        (numbers.money(6_200_000), "6.2M"),
        (numbers.money(95_000), "95k"),
        (numbers.money(148e6), "148M"),
        (numbers.money(999_700), "1M"),
        (numbers.money(0), "0"),
        (numbers.money(-119.0), "-119"),
        (numbers.money(3.2e18), "3.20e18"),
        (numbers.amount(620_000), "620,000"),
        (numbers.amount(0.125), "0.125"),
        (numbers.price(70_100), "70,100"),
        (numbers.price(104.31), "104.31"),
        (numbers.price(0.00001234), "0.00001234"),
        (numbers.ratio(1.34), "1.34x"),
        (numbers.days(0.8), "0.80"),
        (numbers.horizon(3600), "1 h"),
        (numbers.horizon(86400), "24 h"),
        (numbers.horizon(604800), "7 d"),
        (numbers.horizon(300), "5 min"),
        (numbers.horizon(90), "90 s"),
        (numbers.long_horizon(86400), "24 hours"),
        (numbers.signed_shock(-0.05), "-5%"),
        (numbers.signed_shock(0.025), "+2.5%"),
        (numbers.moment("2026-01-30T16:00:00Z"), "2026-01-30 16:00 UTC"),
        (numbers.moment("2026-01-30T16:00:00Z", words=True), "30 January 2026, 16:00 UTC"),
        (numbers.deadline("2026-01-30T16:00:00Z", 15540), "20:19 UTC"),
        (numbers.deadline("2026-01-30T16:00:00Z", 40000), "31 Jan 03:06 UTC"),
    ],
)
def test_written_as_a_trader_writes_it(text: str, wanted: str) -> None:
    assert text == wanted


def test_nothing_seen_prints_the_upper_end_of_the_wilson_interval() -> None:
    # Wilson with no case in n: z^2 / (n + z^2); 10,000 paths give 3.8415 / 10003.8415 = 0.0384%.
    assert numbers.none_seen(10_000) == pytest.approx(0.000383998, rel=1e-5)
    assert numbers.probability(0.0, 0, numbers.none_seen(10_000)) == "<0.04%"
    assert numbers.probability(0.0, None, numbers.none_seen(400)) == "<1%"
    assert numbers.probability(0.0001, 1, 0.0005) == "0.01%"


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_what_is_not_known_is_a_dash(writer, value) -> None:  # type: ignore[no-untyped-def]
    assert writer(value) == "-"


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_every_number_is_short_and_a_number(value: float) -> None:
    for writer in (numbers.percent, numbers.money, numbers.price, numbers.ratio, numbers.days):
        text = writer(value)
        assert 0 < len(text) <= 16, (writer.__name__, text)
        assert not any(word in text.lower() for word in ("nan", "inf", "none"))


@given(st.floats(min_value=1e-3, max_value=1e14))
def test_money_keeps_three_digits(value: float) -> None:
    text = numbers.money(value)
    scale = {"k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
    back = float(text[:-1]) * scale[text[-1]] if text[-1] in scale else float(text)
    assert back == pytest.approx(value, rel=0.006, abs=0.0051)
