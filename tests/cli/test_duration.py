"""Durations: what is read, and what is refused with the option's name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.cli.duration import UNITS, seconds
from seawall.foundation.errors import InputError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", 90.0),
        ("5m", 300.0),
        ("24h", 86_400.0),
        ("7d", 604_800.0),
        ("1.5h", 5_400.0),
        (" 4 H ", 14_400.0),
    ],
)
def test_reads(text, expected):
    assert seconds(text, "--horizon") == expected


@pytest.mark.parametrize(
    "text",
    ["", "24", "h", "-1h", "1e3s", "1h30m", "5 minutes", "nan h", "infd", "٣h", "1,5h", "0s"],
)
def test_refuses_and_names_the_option(text):
    with pytest.raises(InputError, match=r"^--step: "):
        seconds(text, "--step")


@given(st.integers(1, 10**9 - 1), st.sampled_from(sorted(UNITS)))
def test_any_whole_number_of_a_unit(count, unit):
    assert seconds(f"{count}{unit}", "--horizon") == count * UNITS[unit]
