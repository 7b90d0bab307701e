"""Margins in the venue's own whole units, where it counts so: dYdX v4, Drift v2, Bybit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from seawall.case import Case
from seawall.foundation.errors import SeawallError
from seawall.margin.account.exact import ExactMargin
from seawall.margin.frameworks import counts_exactly, exact_requirement
from seawall.margin.rules import Rules
from seawall.margin.view import margin_accounts
from seawall.venues import Rulebook
from seawall.whatif.as_lines import line
from seawall.whatif.standing import Standing
from seawall.whatif.venues_table import preset_rulebook


def exact_margins(
    case: Case,
    accounts: Iterable[int],
    rules: Mapping[str, Rules],
    presets: Sequence[str],
    found: Sequence[Standing],
) -> list[dict[str, Any]]:
    """Every margin account at a venue, its own or a preset, that counts in whole units.

    A margin account that such a venue cannot margin has the sentence why. Raises InputError, naming
    the frameworks with whole units, when no venue here has any.
    """
    out = [
        _row(rules[s.venue].rulebook, s.venue, s)
        for s in found
        if counts_exactly(rules[s.venue].rulebook)
    ]
    for name in presets:
        rulebook = preset_rulebook(name)
        if counts_exactly(rulebook):
            out += [_preset_row(case, account, rulebook, name) for account in accounts]
    if not out and found:
        exact_requirement(rules[found[0].venue].rulebook, found[0].held)
    return out


def _row(rulebook: Rulebook, venue: str, standing: Standing) -> dict[str, Any]:
    who = {"venue": venue, "account": standing.held.name}
    try:
        margin = exact_requirement(rulebook, standing.held)
    except SeawallError as error:
        return {**who, "reason": str(error)}
    return {**who, "margins": [_whole(margin)], "reason": None}


def _preset_row(case: Case, account: int, rulebook: Rulebook, name: str) -> dict[str, Any]:
    who = {"venue": name, "account": case.book.account_names[account]}
    try:
        held = margin_accounts(case.book, case.market, rulebook, account, case.as_of, case.quote)
        margins = [exact_requirement(rulebook, one) for one in held]
    except SeawallError as error:
        return {**who, "reason": str(error)}
    return {**who, "margins": [_whole(m) for m in margins], "reason": None}


def _whole(margin: ExactMargin) -> dict[str, Any]:
    return {
        "asset": margin.asset,
        "decimals": margin.decimals,
        "equity": margin.equity,
        "initial": margin.initial,
        "maintenance": margin.maintenance,
        "liquidatable": margin.liquidatable,
        "rounded": list(margin.rounded),
        "working": line(margin.working),
    }
