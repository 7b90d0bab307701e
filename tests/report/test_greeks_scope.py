"""What a scope does not hold cannot refuse it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seawall.casefile import sample_case
from seawall.foundation.errors import InputError
from seawall.instruments import Option
from seawall.report.greeks_answer import greeks_result
from seawall.valuation.smile import SmileRule


def test_only_smiles_of_options_held_in_the_scope_are_needed() -> None:
    """Another account's expiry that lists one strike has no slope; nobody asked for it."""
    case = sample_case()
    one_strike = tuple(
        replace(item, strike=80_000.0) if isinstance(item, Option) else item
        for item in case.book.instruments
    )
    thin = replace(case, book=replace(case.book, instruments=one_strike))
    with pytest.raises(InputError, match="list 1 strike"):
        greeks_result(thin, SmileRule.STICKY_DELTA)
    found = greeks_result(thin, SmileRule.STICKY_DELTA, account="harbour/perp-main")
    assert found["smile"]["fits"] == []
    assert found["positions"] and all(row["vega"] == 0.0 for row in found["positions"])
