"""The table of margin frameworks: a rulebook's word for its rule -> how it is read and assessed.

A framework is a pure function (parameters, account) -> Requirement + working. Its parameters are a
frozen dataclass read from the rulebook. Adding one: a file with the dataclass and the function, a
line in the table below, a preset, a test file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import choices
from seawall.foundation.section import Section
from seawall.margin.account.exact import ExactMargin
from seawall.margin.account.margin_account import MarginAccount
from seawall.margin.account.working import AccountMargin
from seawall.margin.lending import collateral_margin
from seawall.margin.options import standard_margin, vault_options
from seawall.margin.portfolio import pmrm_v1, pmrm_v2, shock_margin, standard_manager
from seawall.margin.protocols import (
    drift_exact_margin,
    drift_margin,
    dydx_exact_margin,
    dydx_margin,
    perennial,
    pool_position,
    skew_margin,
)
from seawall.margin.tiered import tiered_exact_margin, tiered_margin
from seawall.venues import Rulebook


@dataclass(frozen=True)
class Framework:
    """One margin rule.

    together  what is margined together: "account" (everything), "settlement" (what settles in one
              asset), "underlying" (one underlying at a time)
    read      (rulebook, its [margin] table) -> parameters; raises InputError or MissingRule
    assess    (parameters, account) -> AccountMargin
    exact     (parameters, account) -> ExactMargin in the venue's whole units; None where the venue
              does not count in whole numbers
    in_loop   True where the cascade's table gives the same maintenance margin (a test says so)
    tabled    True where its numbers stand in [tiers], [option_margin] and [collateral], which a
              Case's loader looks through; False where it reads [margin] and says what it lacks
    lends     True where cash or a coin may be owed against coins held, without any position
    exact_needs  table of [margin] without which a rulebook has no exact mode; None: all have it
    listed    parameters -> the underlyings that they give numbers of their own for, where a stated
              default may serve others; None where there is no default
    """

    together: str
    read: Callable[[Rulebook, Section], Any]
    assess: Callable[[Any, MarginAccount], AccountMargin]
    exact: Callable[[Any, MarginAccount], ExactMargin] | None = None
    in_loop: bool = False
    tabled: bool = False
    listed: Callable[[Any], Collection[str]] | None = None
    exact_needs: str | None = None
    lends: bool = False


FRAMEWORKS: dict[str, Framework] = {
    "tiered": Framework(
        "settlement",
        tiered_margin.read,
        tiered_margin.assess,
        tiered_exact_margin.exact_requirement,
        in_loop=True,
        tabled=True,
        exact_needs="rounding",
        listed=lambda rule: rule.rulebook.tiers,
    ),
    "standard": Framework(
        "settlement", standard_margin.read, standard_margin.assess, in_loop=True, tabled=True
    ),
    "collateral": Framework(
        "account",
        collateral_margin.read,
        collateral_margin.assess,
        in_loop=True,
        tabled=True,
        lends=True,
    ),
    "synthetix_v3": Framework("account", skew_margin.read, skew_margin.assess),
    "gmx_v2": Framework(
        "underlying",
        pool_position.read,
        pool_position.assess,
        listed=lambda rule: rule.table.markets,
    ),
    "perennial_v2": Framework("underlying", perennial.read, perennial.assess),
    "standard_manager": Framework(
        "account", standard_manager.read, standard_manager.assess, lends=True
    ),
    "pmrm_v1": Framework("underlying", pmrm_v1.read, pmrm_v1.assess, lends=True),
    "pmrm_v2": Framework("underlying", pmrm_v2.read, pmrm_v2.assess, lends=True),
    "shock_grid": Framework("account", shock_margin.read, shock_margin.assess),
    "opyn_gamma": Framework("underlying", vault_options.read, vault_options.assess),
    "dydx_v4": Framework(
        "settlement",
        dydx_margin.read,
        dydx_margin.assess,
        dydx_exact_margin.exact_requirement,
        in_loop=True,
        listed=lambda rule: rule.markets,
    ),
    "drift_v2": Framework(
        "settlement",
        drift_margin.read,
        drift_margin.assess,
        drift_exact_margin.exact_requirement,
        listed=lambda rule: rule.perps,
        lends=True,
    ),
}


def framework_of(rulebook: Rulebook) -> Framework:
    """The framework that ``rulebook`` names; InputError with the known ones when there is none."""
    name = rulebook.framework
    if name not in FRAMEWORKS:
        raise InputError(
            f"rulebook {rulebook.name!r} names the margin framework {name!r}",
            expected=choices(name, FRAMEWORKS),
        )
    return FRAMEWORKS[name]


def margin_table(rulebook: Rulebook) -> Section:
    """The rulebook's [margin] table, for a framework to read; refusals name the rulebook."""
    return Section(rulebook.margin, f"rulebook {rulebook.name!r}", ("margin",))


def assess_account(rulebook: Rulebook, account: MarginAccount) -> AccountMargin:
    """Requirement and working of one margin account under a rulebook, whatever its framework."""
    framework = framework_of(rulebook)
    return framework.assess(framework.read(rulebook, margin_table(rulebook)), account)


def counts_exactly(rulebook: Rulebook) -> bool:
    """True when the venue's margins can be had in whole units."""
    framework = framework_of(rulebook)
    needs = framework.exact_needs
    return framework.exact is not None and (needs is None or needs in rulebook.margin)


def exact_requirement(rulebook: Rulebook, account: MarginAccount) -> ExactMargin:
    """The same in the venue's whole units; InputError when its framework has no such mode."""
    framework = framework_of(rulebook)
    if framework.exact is None or not counts_exactly(rulebook):
        exact = ", ".join(name for name, entry in FRAMEWORKS.items() if entry.exact is not None)
        raise InputError(
            f"the margin framework {rulebook.framework!r} of rulebook {rulebook.name!r} does not "
            "count in whole units",
            expected=f"a rulebook of one of {exact} (tiered: with [margin.rounding])",
        )
    return framework.exact(framework.read(rulebook, margin_table(rulebook)), account)
