"""Worth of an account's expiries under shocks: the kernel of the margin path against its twin.

500 options in six expiries under the 33 shocks of a portfolio margin at three volatilities, which
is what one market of a liquidation search asks.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from measure import Benchmark
from seawall.margin.account.margin_account import Options
from seawall.margin.portfolio import many_options
from seawall.whatif.standing import desk_accounts, held_accounts, read_rules
from time_whatif import made_up_case

LEGS, EXPIRIES, SHOCKS = 1_000, 6, 33


@cache
def asked() -> tuple[object, ...]:
    """Arguments of `group_values` after the choice of twin; kernels are compiled first."""
    many_options.prepare()
    case = made_up_case(LEGS, "derive_pmrm_v2")
    shown = desk_accounts(case, None, None)
    held = held_accounts(case, shown, read_rules(case, shown))[0].margin
    options: Options = held.options
    days = np.unique(options.seconds, return_inverse=True)[1].astype(np.int64)
    if days.max() + 1 != EXPIRIES:
        raise ValueError(f"{days.max() + 1} expiries; {EXPIRIES} are measured")
    factor = np.repeat(np.linspace(0.7, 1.3, SHOCKS)[None, :], EXPIRIES, axis=0)
    volatility = options.volatility[:, None] * np.array([0.7, 1.0, 1.4])
    level = np.arange(SHOCKS, dtype=np.int64) % 3
    return options, options.amount, days, factor, volatility, level


def ours() -> object:
    return many_options.group_values(True, *asked())  # type: ignore[arg-type]


def by_plain() -> object:
    return many_options.group_values(False, *asked())  # type: ignore[arg-type]


BENCHMARKS = [
    Benchmark(
        key="group_worth_vs_plain",
        goal=8.0,
        ours=ours,
        theirs=by_plain,
        what="500 options summed by expiry under 33 shocks against our plain twin",
    ),
]
