"""What breaks first, who pays, limits and the remedy, on a sample that breaks often."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from risky import DAY, DESK, limited, risky_case, risky_found, risky_result

from seawall.cascade.engine import prepare
from seawall.case import Case, Limit
from seawall.casefile import sample_case
from seawall.exposure import check
from seawall.exposure.first_to_break import leg_facts, liquidation_price
from seawall.exposure.limits import evaluate
from seawall.exposure.mean_interval import mean_interval
from seawall.foundation.errors import InputError
from seawall.margin.table.assess import assess, option_quotes, starting_holdings


def test_the_risky_sample_breaks_often_enough_to_test_anything():
    assert 0.1 < risky_result()["dre"]["scopes"][DESK]["probability"][-1] < 1.0


def test_what_breaks_first_sums_to_the_headline_dre():
    result = risky_result()
    scope = result["dre"]["scopes"][result["headline"]]
    assert sum(row["paths"] for row in result["first_to_break"]) == scope["impaired_paths"][-1]
    assert sum(row["probability"] for row in result["first_to_break"]) == pytest.approx(
        scope["probability"][-1], abs=1e-12
    )


def test_dre_grows_with_the_horizon_and_lies_in_its_intervals():
    for scope in risky_result()["dre"]["scopes"].values():
        assert scope["probability"] == sorted(scope["probability"])
        columns = ("low", "probability", "high")
        for low, share, high in zip(*(scope[name] for name in columns), strict=True):
            assert 0.0 <= low <= share <= high <= 1.0
        columns = ("model_low", "probability", "model_high")
        for low, share, high in zip(*(scope[name] for name in columns), strict=True):
            assert 0.0 <= low <= share <= high <= 1.0


def test_a_scope_is_at_least_as_likely_as_its_kinds_and_at_most_their_sum():
    for scope in risky_result()["dre"]["scopes"].values():
        for n, share in enumerate(scope["probability"]):
            kinds = [column[n] for column in scope["kinds"].values()]
            assert max(kinds) <= share + 1e-12
            assert share <= sum(kinds) + 1e-12


def test_losing_theta_is_one_way_to_be_impaired():
    scopes = risky_result()["dre"]["scopes"]
    pairs = zip(scopes[f"{DESK}/loss"]["probability"], scopes[DESK]["probability"], strict=True)
    assert all(loss <= any_kind for loss, any_kind in pairs)


def test_who_pays_sums_to_the_loss():
    result = risky_result()
    paid = result["who_pays"]
    assert set(paid) == {"account", "keeper", "backstop", "fund", "adl", "socialised"}
    assert sum(paid.values()) == pytest.approx(result["who_pays_loss"], rel=1e-12)
    assert result["who_pays_loss"] > 0
    assert paid["keeper"] <= 0, "keepers are paid, they do not pay"
    for payer in ("adl", "socialised"):
        assert paid[payer] >= 0


def test_the_desks_part_is_its_expected_loss():
    result = risky_result()
    scope = result["dre"]["scopes"][DESK]
    assert result["who_pays"]["account"] == pytest.approx(scope["expected_loss"][-1], rel=1e-9)


def test_means_of_an_answer_have_intervals() -> None:
    result = risky_result()
    scope = result["dre"]["scopes"][DESK]
    ends = (scope["expected_loss_low"][-1], scope["expected_loss_high"][-1])
    assert ends == (result["who_pays_low"]["account"], result["who_pays_high"]["account"])
    assert ends[0] < scope["expected_loss"][-1] < ends[1]
    assert result["who_pays_loss_low"] < result["who_pays_loss"] < result["who_pays_loss_high"]
    debts = risky_found()["protocol"][1].loss_by(round(DAY / result["step_seconds"]))
    system = result["system"]
    assert mean_interval(debts, 0.0) == (system["bad_debt_mean_low"], system["bad_debt_mean_high"])
    for one in (system, *system["venues"].values()):
        assert one["liquidated_mean_low"] < one["liquidated_mean"] < one["liquidated_mean_high"]


@pytest.mark.parametrize("measure", ["expected_loss", "bad_debt"])
def test_a_limit_inside_the_interval_is_not_resolved(measure: str) -> None:
    result = risky_result()
    scope = "protocol" if measure == "bad_debt" else DESK
    block = result["dre"]["scopes"][DESK]
    system = result["system"]
    value, high = {
        "expected_loss": (block["expected_loss"][-1], block["expected_loss_high"][-1]),
        "bad_debt": (system["bad_debt_mean"], system["bad_debt_mean_high"]),
    }[measure]

    def state(bound: float, **more: str) -> dict:
        limit = Limit("mine", measure, scope, bound, DAY, **more)
        case = replace(risky_case(), limits=(limit,))
        (row,) = evaluate(case, result["dre"], result["concentration"], risky_found())
        return row

    between = state((value + high) / 2.0)
    assert (between["state"], between["breached"]) == ("not resolved", False)
    assert between["high"] == pytest.approx(high)
    assert state(1.01 * high)["state"] in ("within", "near")
    assert state(0.99 * value)["state"] == "breached"
    assert state((value + high) / 2.0, end="high")["breached"]


@pytest.mark.parametrize("crowd", [0, 200])
def test_at_its_liquidation_price_an_accounts_equity_meets_its_maintenance(crowd):
    setup = prepare(sample_case(crowd=crowd))
    table = setup.table
    found = 0
    for unit in setup.desk_units:
        for asset in range(len(table.assets)):
            for upward in (False, True):
                price = liquidation_price(setup, int(unit), asset, upward)
                if price is None:
                    continue
                found += 1
                start = setup.spot[table.feed_asset]
                moved = np.where(
                    table.feed_asset == asset, start * price / setup.spot[asset], start
                )
                quotes = option_quotes(table, moved[None, :], start, 0.0)
                quotes.integral = np.zeros_like(moved)[None, :]
                one = np.array([unit])
                equity, maintenance, _ = assess(
                    table, starting_holdings(table), quotes, np.zeros(1, dtype=np.int64), one
                )
                assert equity == pytest.approx(maintenance, rel=1e-6)
    assert found >= 3


def test_a_leg_is_named_as_the_book_names_it():
    setup = prepare(sample_case(crowd=0))
    names = {instrument.name for instrument in setup.book.instruments} | set(setup.table.assets)
    legs = setup.table.rows.unit.size + setup.table.options.unit.size
    for leg in range(legs):
        name, side, underlying = leg_facts(setup, leg)
        assert name in names
        assert side in ("long", "short")
        assert underlying in setup.table.assets


class TestLimits:
    def limited(self, *limits: Limit) -> list[dict]:
        result = risky_result()
        case = replace(risky_case(), limits=limits)
        return evaluate(case, result["dre"], result["concentration"], risky_found())

    def test_a_limit_is_breached_above_it_and_not_at_it(self):
        value = risky_result()["dre"]["scopes"][DESK]["probability"][-1]
        at, under = self.limited(
            Limit("at", "dre", DESK, value, DAY), Limit("under", "dre", DESK, value - 1e-9, DAY)
        )
        assert (at["breached"], under["breached"]) == (False, True)
        assert at["value"] == under["value"] == value

    def test_without_a_horizon_it_is_the_runs_own(self):
        (limit,) = self.limited(Limit("a", "expected_loss", DESK, 1.0, None))
        assert limit["value"] == risky_result()["dre"]["scopes"][DESK]["expected_loss"][-1]

    def test_a_shortfall_of_too_few_paths_has_no_value_and_is_not_breached(self):
        block = risky_result()["dre"]["scopes"]["protocol"]
        assert block["expected_shortfall"][0] is None, "no longer too few: choose another"
        (limit,) = self.limited(Limit("a", "expected_shortfall", "protocol", 0.0, 3_600.0))
        assert limit["value"] is None
        assert limit["breached"] is False

    def test_system_measures_by_venue_and_protocol(self):
        system = risky_result()["system"]
        got = self.limited(
            Limit("a", "bad_debt", "protocol", 0.0),
            Limit("b", "fund_ruin", "venue:meridian", 1.0),
        )
        assert got[0]["value"] == pytest.approx(system["bad_debt_mean"], rel=1e-12)
        assert got[1]["value"] == system["venues"]["meridian"]["fund_ruin_probability"]

    def test_the_largest_leg_counts(self):
        rows = risky_result()["concentration"]
        shares = [r["owner_open_interest_share"] or 0.0 for r in rows]
        got = self.limited(
            Limit("a", "open_interest_share", DESK, 1.0),
            Limit("b", "days_to_exit", "protocol", 1.0),
        )
        assert got[0]["value"] == max(shares)
        assert got[1]["value"] == max(row["owner_days_to_exit"] for row in rows)

    @pytest.mark.parametrize(
        ("measure", "scope", "known"),
        [
            ("dre", "desk:nobody", "desk:harbour"),
            ("bad_debt", "venue:nowhere", "venue:meridian"),
        ],
    )
    def test_an_unknown_scope_is_refused_by_name(self, measure, scope, known):
        with pytest.raises(InputError, match=rf"{scope}.*{known}"):
            self.limited(Limit("mine", measure, scope, 1.0, DAY))


def deposited(case: Case, account: str, asset: str, amount: float) -> Case:
    """The Case after the transfer that a remedy names: one balance is larger by the amount."""
    book = case.book
    a, k = book.account_names.index(account), book.assets.index(asset)
    row = np.flatnonzero((book.balance_account == a) & (book.balance_asset == k))
    if row.size:
        quantity = book.quantity.copy()
        quantity[row[0]] += amount
        return replace(case, book=replace(book, quantity=quantity))
    return replace(
        case,
        book=replace(
            book,
            balance_account=np.append(book.balance_account, a),
            balance_asset=np.append(book.balance_asset, k),
            quantity=np.append(book.quantity, amount),
        ),
    )


class TestRemedy:
    """The transfer named, made in the Case itself and run again, does what was promised."""

    @pytest.mark.parametrize("share", [0.95, 0.7])
    def test_the_case_with_the_remedy_in_it_keeps_its_limit(self, share):
        case, result = limited(share)
        remedy = result["remedy"]
        assert result["limits"][0]["breached"]
        assert remedy is not None, result["remedy_note"]
        cured = deposited(case, remedy["account"], remedy["asset"], remedy["amount"])
        again = check(cured, horizon_seconds=DAY, paths=120, seed=4)
        dre = again["dre"]["scopes"][DESK]["probability"][-1]
        assert dre < again["limits"][0]["limit"]
        assert not again["limits"][0]["breached"]
        assert dre == pytest.approx(remedy["dre_after"], abs=1e-12)
        assert remedy["low_after"] <= dre <= remedy["high_after"]

    def test_half_the_remedy_is_not_enough(self):
        case, result = limited(0.7)
        remedy = result["remedy"]
        half = deposited(case, remedy["account"], remedy["asset"], 0.5 * remedy["amount"])
        assert check(half, horizon_seconds=DAY, paths=120, seed=4)["limits"][0]["breached"]

    def test_a_kept_limit_needs_none(self):
        result = check(
            replace(risky_case(), limits=(Limit("all", "dre", DESK, 1.0, DAY),)),
            horizon_seconds=DAY,
            paths=20,
            seed=4,
        )
        assert result["remedy"] is None
        assert result["remedy_note"]
