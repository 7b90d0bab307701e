"""What `seawall collateral` answers, as one dict: the JSON, and all that its page prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seawall import __version__
from seawall.book.book import Floats
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.margin.rules import Rules
from seawall.whatif.collateral.accounts import Margined, margined_accounts, states_of
from seawall.whatif.collateral.mix import (
    DAYS_A_YEAR,
    Mix,
    Question,
    applied,
    cheapest,
    nets,
    question_of,
    units_of,
)
from seawall.whatif.collateral.moves import moves_of
from seawall.whatif.collateral.terms import Terms, check_terms, converts, depegs, stable
from seawall.whatif.edit import Shock, parse_shock
from seawall.whatif.margin_answer import case_names, scope_name
from seawall.whatif.standing import desk_accounts, desk_only, read_rules

SCHEMA = "seawall/collateral/1"
SHOCKS = ("all=-20%", "all=+20%")
# An account holds when it is short by no more than this share of its need.
HOLDS = 1e-8


@dataclass(frozen=True)
class Answer:
    """The result as a dict, and the Case with the mix in place."""

    result: dict[str, Any]
    case: Case


def collateral_answer(
    case: Case,
    terms: Terms,
    *,
    account: str | None = None,
    desk: str | None = None,
    shocks: Sequence[str] = SHOCKS,
) -> Answer:
    """The cheapest collateral of an account, a desk or all desks, in every state of the shocks.

    Accounts not asked for stay as they are and lend nothing. Raises InputError for an unknown
    account, desk, asset or move, and where no collateral holds.
    """
    check_terms(terms, case)
    shown = desk_accounts(case, account, desk)
    asked = desk_only(case, shown)
    rules = read_rules(asked, shown)
    moves: list[tuple[str, Shock]] = [
        (text.replace("=", " ").replace(",", ", "), parse_shock(text)) for text in shocks
    ]
    held: list[Margined] = []
    left: list[dict[str, str]] = []
    for index in shown:
        venue = case.book.account_venue[index]
        own = margined_accounts(case, index, rules[venue])
        if rules[venue].framework.together == "underlying" and len(own) > 1:
            why = "its venue margins each underlying alone: where its cash lies is not in the Case"
            left.append({"account": case.book.account_names[index], "why": why})
        else:
            held += own
    if not held:
        raise InputError(
            "none of the accounts asked for has collateral to choose",
            expected="an account with a position, a debt or a balance",
        )
    assets = _assets(case, terms, held)
    states = states_of(case, terms, moves, assets)
    question = question_of(asked, terms, held, states, assets, rules)
    mix = cheapest(asked, terms, question)
    result = {
        "schema": SCHEMA,
        "version": __version__,
        "case": case_names(case),
        "scope": scope_name(case, account, desk),
        "days": terms.days,
        "buffer": terms.buffer,
        "assumptions": ["A15"],
        **_numbers(asked, terms, question, mix, rules),
        "left_out": left,
    }
    return Answer(result, applied(case, question, units_of(question, mix.solution.posted)))


def _assets(case: Case, terms: Terms, held: Sequence[Margined]) -> tuple[str, ...]:
    """Assets that could be posted: what is held, what may be bought, what terms are stated for."""
    used = {a for account in held for a in account.posted} | set(terms.assets)
    used |= {account.bare.settle for account in held}
    known = [a for a in case.book.assets if a in case.market.assets]
    return tuple(a for a in known if a in used or converts(case, terms, a))


def _numbers(
    case: Case, terms: Terms, question: Question, mix: Mix, rules: Mapping[str, Rules]
) -> dict[str, Any]:
    solution, programme = mix.solution, mix.programme
    now_units = tuple(
        {a: q for a, q in account.posted.items() if a in question.assets}
        for account in question.held
    )
    mix_units = units_of(question, solution.posted)
    before = nets(case, terms, question, rules, now_units)
    after = nets(case, terms, question, rules, mix_units)
    wallet = programme.have - programme.posted.sum(axis=0)
    now_cost = _cost(terms, question, mix, programme.posted, wallet, np.zeros(wallet.size))
    cost = _cost(terms, question, mix, solution.posted, solution.kept, solution.new)
    cost["conversion"] = float(programme.conversion @ (solution.bought + solution.sold))
    cost["total"] = solution.cost
    names = [account.name for account in question.held]
    moves = moves_of(programme, solution, names, question.assets, question.price)
    return {
        "states": [
            {"name": s.name, "margin": "initial" if s.initial else "maintenance"}
            for s in question.states
        ],
        "now": {"cost": now_cost, **_standing(question, before)},
        "mix": {
            "cost": cost,
            "bound": mix.bound,
            "gap": max(solution.cost - mix.bound, 0.0),
            "exact": not question.bent,
            **_standing(question, after),
        },
        "bent": [
            {"account": account, "asset": asset, "concave": concave}
            for account, asset, concave in question.bent
        ],
        "accounts": [
            _account(question, i, programme.posted, solution.posted, before, after)
            for i in range(len(question.held))
        ],
        "outside": _outside(question, wallet, solution.kept),
        "moves": [
            {
                "from": m.source,
                "to": m.target,
                "asset": m.asset,
                "amount": m.amount,
                "into": m.into,
                "amount_into": m.amount_into,
                "cost": m.cost,
            }
            for m in moves
        ],
        "terms": [_terms(case, terms, a) for a in question.assets],
    }


def _cost(
    terms: Terms, question: Question, mix: Mix, posted: Floats, kept: Floats, new: Floats
) -> dict[str, float]:
    """What a mix costs over the term, quote, before conversions; their sum is ``total``."""
    years = terms.days / DAYS_A_YEAR
    rate = np.array([terms.of(a).financing for a in question.assets]) * years
    parts = {
        "financing": float(posted.sum(axis=0) @ rate),
        "depeg": float((posted.sum(axis=0) + kept) @ mix.programme.held),
        "conversion": 0.0,
        "new_money": float(new.sum() * mix.programme.premium),
    }
    return {**parts, "total": sum(parts.values())}


def _standing(question: Question, net: Floats) -> dict[str, Any]:
    """Whether collateral holds everywhere, and each account's worst state where it does not."""
    scale = np.maximum(np.abs(question.need).max(axis=1), 1e-9)
    short = []
    for i, account in enumerate(question.held):
        s = int(np.argmin(net[i]))
        if net[i, s] < -HOLDS * scale[i]:
            short.append(
                {
                    "account": account.name,
                    "state": question.states[s].name,
                    "margin": "initial" if question.states[s].initial else "maintenance",
                    "amount": float(-net[i, s]),
                }
            )
    return {"holds": not short, "short": short}


def _account(
    question: Question, i: int, now: Floats, then: Floats, before: Floats, after: Floats
) -> dict[str, Any]:
    held, tightest = question.held[i], int(np.argmin(after[i]))
    rows = []
    for k, asset in enumerate(question.assets):
        a, b = float(now[i, k]), float(then[i, k])
        if max(a, b) > 1e-9 * max(float(then.sum()), 1.0):
            price = float(question.price[k])
            rows.append({"asset": asset, "now": a / price, "mix": b / price, "price": price})
    state = question.states[tightest]
    return {
        "account": held.name,
        "venue": held.venue,
        "collateral": rows,
        "value_now": float(now[i].sum()),
        "value_mix": float(then[i].sum()),
        "tightest": state.name,
        "tightest_margin": "initial" if state.initial else "maintenance",
        "spare_now": float(before[i].min()),
        "spare_mix": float(after[i].min()),
    }


def _outside(question: Question, now: Floats, then: Floats) -> list[dict[str, Any]]:
    floor = 1e-9 * max(float(now.sum() + then.sum()), 1e-300)
    return [
        {
            "asset": asset,
            "now": float(now[k] / question.price[k]) if now[k] > floor else 0.0,
            "mix": float(then[k] / question.price[k]) if then[k] > floor else 0.0,
        }
        for k, asset in enumerate(question.assets)
        if max(float(now[k]), float(then[k])) > floor
    ]


def _terms(case: Case, terms: Terms, asset: str) -> dict[str, Any]:
    own, (chance, size) = terms.of(asset), depegs(case, terms, asset)
    return {
        "asset": asset,
        "financing": own.financing,
        "conversion": own.conversion,
        "depeg_probability": chance,
        "depeg_size": size,
        "depeg_state": size > 0.0 and asset != case.quote and stable(case, asset),
        "converts": converts(case, terms, asset),
        "cap": own.cap,
        "share": own.share,
        "wallet": own.wallet,
    }
