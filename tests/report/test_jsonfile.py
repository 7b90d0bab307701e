"""The JSON text: deterministic, null for what is not a number, and readable back."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from fake_result import fake_result
from hypothesis import given
from hypothesis import strategies as st

from seawall.foundation.errors import SeawallError
from seawall.report import jsonfile


def test_same_result_same_bytes_and_reads_back_equal() -> None:
    text = jsonfile.dumps(fake_result())
    assert text == jsonfile.dumps(fake_result())
    assert text.endswith("}\n")
    assert json.loads(text) == fake_result()
    assert list(json.loads(text)) == list(fake_result())  # the order of the result


def test_nan_and_infinities_become_null() -> None:
    result = {"a": math.nan, "b": [math.inf, -math.inf, 0.1], "c": np.float64("nan")}
    assert jsonfile.dumps(result) == (
        '{\n  "a": null,\n  "b": [\n    null,\n    null,\n    0.1\n  ],\n  "c": null\n}\n'
    )


def test_numpy_scalars_and_arrays_are_plain_numbers() -> None:
    result = {"i": np.int64(3), "b": np.bool_(True), "f": np.float32(0.5), "a": np.array([1.5])}
    back = json.loads(jsonfile.dumps(result))
    assert back == {"i": 3, "b": True, "f": 0.5, "a": [1.5]}
    assert back["b"] is True


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_read_back_to_the_same_bits(value: float) -> None:
    text = jsonfile.dumps({"x": value})
    assert repr(value) in text
    back = json.loads(text)["x"]
    assert np.float64(back).tobytes() == np.float64(value).tobytes()


def test_text_keeps_its_letters_and_is_always_utf8() -> None:
    assert "тест 帳戶" in jsonfile.dumps({"account": "тест 帳戶"})
    jsonfile.dumps({"account": "bad \udcff name"}).encode("utf-8")


def test_a_value_that_json_cannot_hold_is_named_with_its_place() -> None:
    with pytest.raises(SeawallError, match=r"result\.dre\.rows\[1\] is a set"):
        jsonfile.dumps({"dre": {"rows": [1, {2}]}})
    with pytest.raises(SeawallError, match=r"result has the key 3; a key must be text"):
        jsonfile.dumps({3: 1})  # type: ignore[dict-item]
