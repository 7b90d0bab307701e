"""Greeks under a smile rule are differences of value along the volatility that the rule gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from seawall.book import AccountKind, Book
from seawall.foundation.errors import InputError
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.instruments import Option
from seawall.market import AssetState, InstrumentState, Market
from seawall.valuation.revalue import Values, revalue
from seawall.valuation.smile import SmileRule, shocked_volatility, smile_slope
from seawall.valuation.smile_greeks import Fits, fit_smiles, smile_moves, with_smile

Floats = NDArray[np.float64]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
EXPIRY = NOW + timedelta(days=73)
SPOT, FORWARD = 80_000.0, 81_000.0
STRIKES = (60_000.0, 70_000.0, 80_000.0, 95_000.0)
SLOPE, CURVE = -0.3, 1.7  # of ln volatility in ln(strike / forward)
VOLATILITY = {
    k: 0.5 * float(np.exp(SLOPE * np.log(k / FORWARD) + 0.5 * CURVE * np.log(k / FORWARD) ** 2))
    for k in STRIKES
}


def book(strikes: tuple[float, ...] = STRIKES, held: int = 4) -> Book:
    items = tuple(
        Option(f"BTC-{k:.0f}", "BTC", "BTC" if n % 2 else "USDC", EXPIRY, k, n % 3 == 0)
        for n, k in enumerate(strikes)
    )
    count = min(held, len(items))
    return Book(
        ("a",), ("v",), ("o",), (AccountKind.DESK,), items, ("BTC", "USDC"),
        np.zeros(count, dtype=np.int64), np.arange(count), np.array([3.0, -5.0, 2.0, -7.0])[:count],
        np.zeros(count), np.zeros(count, dtype=bool), np.zeros(count),
        np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0),
    )  # fmt: skip


def market(factor: float = 1.0, volatility: Floats | None = None, slope: float = -0.9) -> Market:
    coin = AssetState(*[SPOT * factor] * 3, 0.5, 1e9, 1e9, implied_slope=slope)
    vols = list(VOLATILITY.values()) if volatility is None else volatility.tolist()
    states = {
        f"BTC-{k:.0f}": InstrumentState(mark=FORWARD * factor, implied_volatility=v)
        for k, v in zip(STRIKES, vols, strict=True)
    }
    return Market(NOW, {"BTC": coin, "USDC": AssetState(1, 1, 1, 0.0, 1e9, 1e9)}, states)


def along(rule: SmileRule, fits: Fits, factor: float) -> Values:
    """The book after spot is multiplied by ``factor`` and the smile has followed its rule."""
    fit = fits["BTC", EXPIRY]
    vols = shocked_volatility(
        fit.smile,
        fit.shape,
        np.array(STRIKES),
        FORWARD,
        (EXPIRY.timestamp() - NOW.timestamp()) / SECONDS_PER_YEAR,
        np.array(list(VOLATILITY.values())),
        factor,
    )
    return revalue(book(), market(factor, vols), NOW.timestamp())


def richardson(difference: Callable[[float], Floats], step: float) -> Floats:
    return (4.0 * difference(step / 2) - difference(step)) / 3.0


@pytest.mark.parametrize("rule", [SmileRule.STICKY_DELTA, SmileRule.SKEW_STICKINESS])
def test_delta_gamma_and_vanna_follow_the_smile(rule: SmileRule) -> None:
    fits = fit_smiles(book(), market(), rule)
    plain = revalue(book(), market(), NOW.timestamp())
    moves = smile_moves(book(), market(), NOW.timestamp(), fits)
    found = with_smile(plain, book(), market(), moves)
    here = along(rule, fits, 1.0)

    def delta(h: float) -> Floats:
        return (along(rule, fits, 1 + h).value - along(rule, fits, 1 - h).value) / (2 * h * SPOT)

    def gamma(h: float) -> Floats:
        up, down = along(rule, fits, 1 + h).value, along(rule, fits, 1 - h).value
        return (up - 2 * here.value + down) / (h * SPOT) ** 2

    def vanna(h: float) -> Floats:
        return (along(rule, fits, 1 + h).vega - along(rule, fits, 1 - h).vega) / (2 * h * SPOT)

    np.testing.assert_allclose(found.delta, richardson(delta, 4e-3), rtol=1e-7)
    np.testing.assert_allclose(found.gamma, richardson(gamma, 8e-3), rtol=1e-5, atol=1e-11)
    np.testing.assert_allclose(found.vanna, richardson(vanna, 4e-3), rtol=1e-6, atol=1e-8)
    np.testing.assert_array_equal(found.vega, plain.vega)
    np.testing.assert_array_equal(found.delta_cash, found.delta * SPOT)
    assert (np.abs(found.delta - plain.delta) > 1e-3).all()


def test_a_skew_that_is_there_is_found_again() -> None:
    fit = fit_smiles(book(), market(), SmileRule.STICKY_DELTA)["BTC", EXPIRY]
    assert fit.shape.level == pytest.approx(0.5, rel=1e-10)
    assert fit.shape.skew == pytest.approx(0.5 * SLOPE, rel=1e-8)
    assert fit.shape.curve == pytest.approx(CURVE, rel=1e-8)
    assert (fit.smile.ratio, fit.strikes) == (0.0, 4)


def test_the_fitted_ratio_moves_volatility_as_the_cascade_does() -> None:
    """At the money the volatility of a fixed strike moves by implied_slope for each unit of spot:
    the ratio is 1 + implied_slope / skew."""
    fits = fit_smiles(book(), market(slope=-0.9), SmileRule.SKEW_STICKINESS)
    assert fits["BTC", EXPIRY].smile.ratio == pytest.approx(1.0 + -0.9 / (0.5 * SLOPE))
    fit = fits["BTC", EXPIRY]
    at_money = smile_slope(fit.smile, fit.shape, FORWARD, FORWARD, 0.2, 0.5)
    assert float(at_money) == pytest.approx(-0.9, rel=1e-7)


def test_a_ratio_may_be_given_and_belongs_to_its_rule() -> None:
    """A ratio of 0 is sticky delta, a ratio of 1 sticky strike."""
    rule = SmileRule.SKEW_STICKINESS
    sticky = fit_smiles(book(), market(), SmileRule.STICKY_DELTA)
    given = [fit_smiles(book(), market(), rule, ratio) for ratio in (0.0, 1.0)]
    zero, one, delta = (
        smile_moves(book(), market(), NOW.timestamp(), fits).first for fits in (*given, sticky)
    )
    np.testing.assert_array_equal(zero, delta)
    np.testing.assert_array_equal(one, 0.0)
    for wrong, ratio in ((SmileRule.STICKY_DELTA, 0.5), (rule, float("nan"))):
        with pytest.raises(InputError, match="skew-stickiness ratio of"):
            fit_smiles(book(), market(), wrong, ratio)


def test_sticky_strike_changes_nothing_and_needs_no_smile() -> None:
    alone = book((60_000.0,), 1)
    assert fit_smiles(alone, market(), SmileRule.STICKY_STRIKE) == {}
    plain = revalue(book(), market(), NOW.timestamp())
    moves = smile_moves(book(), market(), NOW.timestamp(), {})
    assert with_smile(plain, book(), market(), moves) is plain
    still = fit_smiles(book(), market(slope=0.0), SmileRule.SKEW_STICKINESS)
    assert still["BTC", EXPIRY].smile.ratio == 1.0


def test_a_rule_that_needs_a_smile_says_so() -> None:
    with pytest.raises(InputError, match="BTC options of 2026-03-15 list 1 strike"):
        fit_smiles(book((60_000.0,), 1), market(), SmileRule.STICKY_DELTA)
    flat = market(volatility=np.full(4, 0.5))
    with pytest.raises(InputError, match="smile of BTC of 2026-03-15 is flat"):
        fit_smiles(book(), flat, SmileRule.SKEW_STICKINESS)


def test_strikes_that_nobody_holds_help_to_fit() -> None:
    fits = fit_smiles(book(held=1), market(), SmileRule.STICKY_DELTA)
    assert fits["BTC", EXPIRY].strikes == 4
    empty = replace(
        book(),
        position_account=np.zeros(0, dtype=np.int64),
        position_instrument=np.zeros(0, dtype=np.int64),
    )
    assert fit_smiles(empty, market(), SmileRule.STICKY_DELTA) == {}


def test_strikes_near_the_money_decide_and_two_make_a_line() -> None:
    """A wing that no parabola fits hardly moves the skew at the money."""
    vols = np.array(list(VOLATILITY.values()))
    bent = vols * [2.0, 1.0, 1.0, 1.0]
    clean, spoiled = (
        fit_smiles(book(), market(volatility=v), SmileRule.STICKY_DELTA)["BTC", EXPIRY].shape
        for v in (vols, bent)
    )
    assert abs(spoiled.skew - clean.skew) < 0.25 * abs(np.log(2.0) / np.log(60 / 81) * 0.5)
    line = fit_smiles(book(STRIKES[1:3], 2), market(), SmileRule.STICKY_DELTA)["BTC", EXPIRY]
    assert (line.shape.curve, line.strikes) == (0.0, 2)
    k = np.log(np.array(STRIKES[1:3]) / FORWARD)
    np.testing.assert_allclose(line.shape.volatility(k, 0.2), vols[1:3], rtol=1e-12)
