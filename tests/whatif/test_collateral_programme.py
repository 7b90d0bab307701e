"""The cheapest collateral against an independent programme, closed forms and its own certificate.

The independent one is another formulation by another solver: flows from each holding (or new money)
through a conversion into each slice of each account, by a dense simplex. The project's programme
has no flows: it has what is posted, kept, bought, sold and brought in.
"""

from __future__ import annotations

import numpy as np
import pytest
from dense_simplex import minimum

from seawall.foundation.errors import InputError
from seawall.whatif.collateral.programme import Programme, Slice, credited, solve


def programme(need, posted, slices, **more) -> Programme:
    """A programme of few accounts; by default nothing converts and new money costs 0.05."""
    posted = np.array(posted, dtype=float)
    k = posted.shape[1]
    return Programme(
        need=np.array(need, dtype=float),
        have=posted.sum(axis=0) + np.array(more.get("wallet", np.zeros(k)), dtype=float),
        posted=posted,
        slices=tuple(
            Slice(i, a, width, np.array(credit, dtype=float), rate)
            for i, a, width, credit, rate in slices
        ),
        group=np.array(more.get("group", range(k))),
        conversion=np.array(more.get("conversion", np.zeros(k)), dtype=float),
        held=np.array(more.get("held", np.zeros(k)), dtype=float),
        share=np.array(more.get("share", np.ones(k)), dtype=float),
        premium=more.get("premium", 0.05),
    )


def by_flows(p: Programme) -> float | None:
    """The least cost by flows: source (asset held, or brought in) -> asset -> slice or outside."""
    k, n = p.have.size, len(p.slices)
    columns, costs = [], []
    sources = [(a, own) for a in range(k) for own in (True, False)]
    for a, own in sources:
        for b in range(k):
            if a != b and p.group[a] != p.group[b]:
                continue
            rate = 1.0 if a == b else (1.0 - p.conversion[a]) / (1.0 + p.conversion[b])
            lost = 0.0 if a == b else p.conversion[a] + rate * p.conversion[b]
            for end in range(n + 1):
                if end < n and p.slices[end].asset != b:
                    continue
                tied = p.slices[end].rate if end < n else 0.0
                columns.append((a, own, b, end, rate))
                costs.append((0.0 if own else p.premium) + lost + rate * (p.held[b] + tied))
    m, s = p.need.shape
    rows, right = [], []
    for a in range(k):  # all that is held goes somewhere
        rows.append([float(c[0] == a and c[1]) for c in columns])
        right.append(p.have[a])
    equalities = k
    for end, piece in enumerate(p.slices):
        if np.isfinite(piece.width):
            rows.append([c[4] * (c[3] == end) for c in columns])
            right.append(piece.width)
    for i in range(m):
        for state in range(s):
            rows.append(
                [
                    -c[4] * p.slices[c[3]].credit[state]
                    if c[3] < n and p.slices[c[3]].account == i
                    else 0.0
                    for c in columns
                ]
            )
            right.append(-p.need[i, state])
        for a in range(k):
            if p.share[a] < 1.0:
                rows.append(
                    [
                        c[4] * ((p.slices[c[3]].asset == a) - p.share[a])
                        if c[3] < n and p.slices[c[3]].account == i
                        else 0.0
                        for c in columns
                    ]
                )
                right.append(0.0)
    matrix, slack = np.array(rows), len(rows) - equalities
    extra = np.vstack([np.zeros((equalities, slack)), np.eye(slack)])
    return minimum(
        np.concatenate([costs, np.zeros(slack)]), np.hstack([matrix, extra]), np.array(right)
    )


def random_programme(seed: int) -> Programme:
    """A random desk: 1 to 3 accounts, 2 to 4 assets, 1 to 3 states; slices, caps, shares."""
    r = np.random.default_rng(seed)
    m, k, s = int(r.integers(1, 4)), int(r.integers(2, 5)), int(r.integers(1, 4))
    slices = []
    for i in range(m):
        for a in range(k):
            if a and r.random() < 0.3:
                continue
            factor = np.where(r.random(s) < 0.5, 1.0, r.uniform(0.7, 1.1, s))
            weight, rate = r.uniform(0.4, 1.0), r.uniform(0.0, 0.02)
            if r.random() < 0.3:  # a haircut that grows with size
                slices.append((i, a, r.uniform(0.1, 1.0), weight * factor, rate))
                weight *= r.uniform(0.5, 0.95)
            width = r.uniform(0.5, 3.0) if a and r.random() < 0.3 else np.inf
            slices.append((i, a, width, weight * factor, rate))
    share = np.where(r.random(k) < 0.2, r.uniform(0.3, 0.9, k), 1.0)
    share[0] = 1.0
    return programme(
        r.uniform(-0.5, 2.0, (m, s)),
        r.uniform(0.0, 1.0, (m, k)) * (r.random((m, k)) < 0.6),
        slices,
        wallet=r.uniform(0.0, 0.5, k),
        group=np.where(r.random(k) < 0.6, 0, np.arange(1, k + 1)),
        conversion=r.uniform(0.0, 0.01, k),
        held=r.uniform(0.0, 0.01, k) * (r.random(k) < 0.5),
        share=share,
        premium=r.uniform(0.001, 0.05),
    )


@pytest.mark.parametrize(
    "seeds", [range(12), pytest.param(range(12, 250), marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_equals_an_independent_programme_on_random_desks(seeds) -> None:
    worst, gap = 0.0, 0.0
    for seed in seeds:
        p = random_programme(seed)
        found, other = solve(p), by_flows(p)
        assert other is not None
        worst = max(worst, abs(found.cost - other) / max(other, 1e-3))
        gap = max(gap, (found.cost - found.bound) / max(found.cost, 1e-3))
        assert found.bound <= found.cost + 1e-12 * max(found.cost, 1.0)
        assert np.all(credited(p, found.posted, p.slices) >= p.need - 1e-8)
    print(f"{len(seeds)} desks: largest relative difference {worst:.1e}, gap {gap:.1e}")
    assert worst < 1e-6
    assert gap < 1e-6


def test_money_adds_up_asset_by_asset_and_sales_pay_for_purchases() -> None:
    for seed in range(15):
        p = random_programme(seed)
        x = solve(p)
        left = p.have + x.bought - x.sold + x.new - x.posted.sum(axis=0) - x.kept
        assert np.abs(left).max() < 1e-8
        for group in np.unique(p.group):
            mine = p.group == group
            paid = np.sum(((1.0 + p.conversion) * x.bought)[mine])
            assert paid == pytest.approx(np.sum(((1.0 - p.conversion) * x.sold)[mine]), abs=1e-8)


def test_everything_ten_times_as_large_costs_ten_times_as_much() -> None:
    for seed in range(6):
        p = random_programme(seed)
        large = Programme(
            10.0 * p.need,
            10.0 * p.have,
            10.0 * p.posted,
            tuple(Slice(s.account, s.asset, 10.0 * s.width, s.credit, s.rate) for s in p.slices),
            p.group,
            p.conversion,
            p.held,
            p.share,
            p.premium,
        )
        assert solve(large).cost == pytest.approx(10.0 * solve(p).cost, rel=1e-9, abs=1e-9)


# Two assets, one account that needs 100, 500 of each at hand: asset a costs f_a and counts for w_a,
# so whichever has the lower f / w is posted, 100 / w of it.
@pytest.mark.parametrize(
    ("weights", "rates", "chosen"),
    [
        ((1.0, 0.8), (0.01, 0.01), 0),  # equal cost: the haircut decides
        ((1.0, 0.8), (0.01, 0.0075), 1),  # .0075 / .8 = .0094 < .01: cost turns it
        ((1.0, 0.7), (0.01, 0.0075), 0),  # .0075 / .7 = .0107 > .01: haircut turns it back
    ],
)
def test_two_assets_have_a_closed_form(weights, rates, chosen) -> None:
    p = programme(
        [[100.0]],
        [[0.0, 0.0]],
        [(0, a, np.inf, [weights[a]], rates[a]) for a in (0, 1)],
        wallet=[500.0, 500.0],
    )
    found = solve(p)
    amount = 100.0 / weights[chosen]
    assert found.posted[0, chosen] == pytest.approx(amount, rel=1e-9)
    assert found.posted[0, 1 - chosen] == pytest.approx(0.0, abs=1e-7)
    assert found.cost == pytest.approx(rates[chosen] * amount, rel=1e-9)


def test_a_peg_in_doubt_turns_the_answer() -> None:
    # Asset 1 is cheaper (.008 against .01) and counts alike. With its peg 25% off as a second state
    # 100 takes 133.33 of it: .008 x 133.33 = 1.067 > 1: asset 0 is posted instead.
    rates = [(0, 0, np.inf, [1.0, 1.0], 0.01), (0, 1, np.inf, [1.0, 0.75], 0.008)]
    sure = [(0, 0, np.inf, [1.0], 0.01), (0, 1, np.inf, [1.0], 0.008)]
    calm = solve(programme([[100.0]], [[0.0, 0.0]], sure, wallet=[500.0, 500.0]))
    wary = solve(programme([[100.0, 100.0]], [[0.0, 0.0]], rates, wallet=[500.0, 500.0]))
    assert calm.posted[0] == pytest.approx([0.0, 100.0], abs=1e-7)
    assert calm.cost == pytest.approx(0.8, rel=1e-9)
    assert wary.posted[0] == pytest.approx([100.0, 0.0], abs=1e-7)
    assert wary.cost == pytest.approx(1.0, rel=1e-9)


def test_conversion_is_worth_it_below_the_price_of_new_money_only() -> None:
    # 100 needed of asset 0, none held, 200 of asset 1. New money costs .05 x 100 = 5. Conversion at
    # c: b = s (1 - c) / (1 + c) = 100, cost c (b + s): c = .02: s = 104.08, cost 4.08 < 5;
    # c = .03: s = 106.19, cost 6.19 > 5.
    for c, cost in ((0.02, 0.02 * (100.0 + 100.0 * 1.02 / 0.98)), (0.03, 5.0)):
        p = programme(
            [[100.0]],
            [[0.0, 0.0]],
            [(0, 0, np.inf, [1.0], 0.0)],
            wallet=[0.0, 200.0],
            group=[0, 0],
            conversion=[c, c],
        )
        assert solve(p).cost == pytest.approx(cost, rel=1e-9)


def test_of_equally_cheap_mixes_the_one_that_moves_least() -> None:
    p = programme(
        [[50.0], [50.0]],
        [[60.0, 0.0], [0.0, 60.0]],
        [(i, a, np.inf, [1.0], 0.01) for i in (0, 1) for a in (0, 1)],
    )
    assert solve(p).posted == pytest.approx(np.array([[50.0, 0.0], [0.0, 50.0]]), abs=1e-6)


def test_what_counts_for_nothing_is_refused_in_a_sentence() -> None:
    p = programme([[1.0, 1.0]], [[5.0]], [(0, 0, np.inf, [1.0, 0.0], 0.01)])
    with pytest.raises(InputError, match="no collateral holds in every state"):
        solve(p)
