"""How the derivation of a portfolio margin is told: lines for expiries, scenarios, confidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from seawall.book.book import Floats
from seawall.margin.account.working import Line, Told
from seawall.margin.portfolio.pmrm_parts import Held


def expiry_lines(
    name: str, own: Held, values: Floats, unit: str, rule: str, factor: Floats | None = None
) -> Line:
    """A total with a line for each expiry (e,); ``factor`` (e,) is told beside each."""
    told = [""] * own.group.count if factor is None else [f"x {f:.12g}" for f in factor]
    parts = tuple(
        Line(expiry, value, unit, text)
        for (_, expiry), value, text in zip(own.group.names, values.tolist(), told, strict=True)
    )
    return Line(name, float(np.sum(values)), unit, rule, parts)


def scenario_lines(
    own: Held,
    unit: str,
    profit: Floats,
    changes: Floats,
    volatility: Sequence[str],
    shocks: Floats,
    others: Mapping[str, Floats],
) -> Line:
    """The worst scenario with a line for each in the rule's order; profit > 0.

    profit (s,), changes (s, e) of the options of each expiry, others {what: (s,)}.
    """
    names = [expiry for _, expiry in own.group.names]
    columns = [(what, values.tolist()) for what, values in others.items()]
    told = zip(profit.tolist(), changes.tolist(), volatility, shocks.tolist(), strict=True)
    parts = []
    for n, (total, by_expiry, vol, shock) in enumerate(told):
        options = [Line(name, value, unit) for name, value in zip(names, by_expiry, strict=True)]
        rest = [Line(what, values[n], unit) for what, values in columns]
        parts.append(
            Line(
                f"{n + 1}. spot x {shock:g}, volatility {vol}",
                total,
                unit,
                "change from today",
                (*options, *rest),
            )
        )
    worst = int(np.argmin(profit))
    return Line("scenarios", float(profit[worst]), unit, parts[worst].name, tuple(parts))


def basis_contingency(
    own: Held,
    mark: Floats,
    moved: Floats,
    moves: tuple[float, float],
    add: float,
    per_year: float,
) -> tuple[Floats, Told]:
    """Basis contingency (m,), 0 or below, and its line: what a moved forward would lose, scaled.

    The sum over expiries of min(0, up - mark, down - mark) x (add + per_year x years); mark (m, e)
    is today's value, moved (m, 2, e) that at the multiples ``moves`` of the forward, up and down.
    """
    factor = add + per_year * own.years
    worst = np.minimum(np.min(moved - mark[:, None, :], axis=1), 0.0) * factor
    rule = f"worse of forward x {moves[0]:g} and x {moves[1]:g}, if a loss, x factor"
    total: Floats = np.sum(worst, axis=1)
    return total, lambda: expiry_lines("basis contingency", own, worst[0], "", rule, factor)


def confidence_line(
    own: Held,
    threshold: float,
    margin: float,
    others: Mapping[str, float],
    by_expiry: Floats,
) -> Line:
    """What unsure oracles cost: others {what: amount} and each expiry (e,)."""
    rule = f"(1 - c) x {margin:g} x notional where c < {threshold:g}; initial margin only"
    first = tuple(Line(what, value) for what, value in others.items())
    options = expiry_lines("options", own, by_expiry, "", "c beside each", own.expiry_confidence)
    total = sum(others.values()) + float(np.sum(by_expiry))
    return Line("confidence contingency", total, "", rule, (*first, options))
