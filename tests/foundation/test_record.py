"""A dataclass read from a TOML table; what it does not declare is refused with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import AMOUNT, FRACTION
from seawall.foundation.record import number, read_record, whole, word
from seawall.foundation.section import parse_toml


@dataclass(frozen=True)
class Row:
    bound: float = number(AMOUNT)
    rate: float = number(FRACTION)


@dataclass(frozen=True)
class Rule:
    share: float = number(FRACTION)
    steps: int = whole(1, 9)
    style: str = word(("slow", "fast"))
    cap: float | None = number(AMOUNT, None)
    flat: bool = False
    rows: tuple[Row, ...] = ()
    shares: tuple[float, ...] = number(FRACTION, ())
    per_coin: Mapping[str, Row] = number(AMOUNT, None)
    first: Row | None = None


WHOLE = """share = 0.5
steps = 3
style = "fast"
cap = 10
flat = true
rows = [{ bound = 0, rate = 0.1 }, { bound = 5, rate = 0.2 }]
shares = [0.1, 0.2]
first = { bound = 1, rate = 0 }
[per_coin.BTC]
bound = 7
rate = 0.3
"""


def read(text: str) -> Rule:
    return read_record(parse_toml(text.encode(), "rule.toml"), Rule)


def test_every_kind_of_field() -> None:
    rule = read(WHOLE)
    assert rule == Rule(
        0.5,
        3,
        "fast",
        10.0,
        True,
        (Row(0.0, 0.1), Row(5.0, 0.2)),
        (0.1, 0.2),
        {"BTC": Row(7.0, 0.3)},
        Row(1.0, 0.0),
    )


def test_fields_with_a_default_may_be_left_out() -> None:
    rule = read('share = 0.5\nsteps = 3\nstyle = "slow"\n')
    assert (rule.cap, rule.flat, rule.rows, rule.shares, rule.first) == (None, False, (), (), None)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("share = 0.5", "shares2 = 0.5", r"rule.toml, row 1: shares2 is not a known key.*'shares'"),
        ("share = 0.5\n", "", "share is missing; expected a fraction"),
        ("share = 0.5", "share = 5", "row 1: share is 5; expected a fraction"),
        ("share = 0.5", 'share = "x"', "share is 'x', not a number"),
        ("steps = 3", "steps = 30", "row 2: steps is 30; expected a whole number from 1 to 9"),
        ('"fast"', '"quick"', "style is 'quick'; expected one of slow, fast"),
        ("flat = true", "flat = 1", "flat is 1; expected true or false"),
        ("rate = 0.2", "rate = 2", r"rows\[2\].rate is 2; expected a fraction"),
        ("[0.1, 0.2]", "0.1", "shares is 0.1; expected a list of numbers"),
        ("bound = 7\n", "", "per_coin.BTC.bound is missing"),
    ],
)
def test_refusals_name_file_key_and_what_would_be_right(old: str, new: str, said: str) -> None:
    assert old in WHOLE
    with pytest.raises(InputError, match=said):
        read(WHOLE.replace(old, new))
