"""The answer of `seawall greeks` as one object: what docs/greeks.md documents, key by key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seawall.book import AccountKind, Book
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import choices
from seawall.instruments import Held, Instrument, Option
from seawall.valuation.exposures import Exposures, Reason, exposures
from seawall.valuation.portfolio_greeks import (
    DAYS_PER_YEAR,
    GREEKS,
    PER_POINT,
    AssetGreeks,
    Ledger,
    ScopeGreeks,
    ledger,
    scope_greeks,
)
from seawall.valuation.revalue import Values, revalue
from seawall.valuation.shares import claims
from seawall.valuation.smile import SmileRule
from seawall.valuation.smile_greeks import FittedSmile, fit_smiles, smile_moves, with_smile

SCHEMA = "seawall/greeks/1"
SENTENCES = {
    SmileRule.STICKY_STRIKE: "sticky strike: the volatility of every strike stays when spot moves",
    SmileRule.STICKY_DELTA: "sticky delta: the smile travels with the forward",
    SmileRule.SKEW_STICKINESS: (
        "skew-stickiness: the volatility at the money moves by the ratio times the fitted skew"
    ),
}


@dataclass(frozen=True)
class _Valued:
    """A book valued once: what every row of the answer is taken from."""

    book: Book
    ledger: Ledger
    values: Values

    @property
    def exposures(self) -> Exposures:
        return self.ledger.exposures


def greeks_result(
    case: Case,
    rule: SmileRule,
    account: str | None = None,
    desk: str | None = None,
    ratio: float | None = None,
) -> dict[str, Any]:
    """Greeks of one account, one desk, or (neither named) every desk of the Case.

    ``ratio`` of the skew-stickiness rule; None: from the Case (see `fit_smiles`). Generated crowds
    are not in it. Raises InputError for an unknown account or desk, a Case that
    has none, and an instrument that cannot be valued.
    """
    book, market, as_of = case.book, case.market, case.as_of.timestamp()
    scopes = _scopes(book, account, desk)
    everyone = np.unique(np.concatenate([accounts for _, accounts in scopes]))
    fits = fit_smiles(book, market, rule, ratio, set(everyone.tolist()))
    values = revalue(book, market, as_of)
    values = with_smile(values, book, market, smile_moves(book, market, as_of, fits))
    found = exposures(book, market, values)
    valued = _Valued(book, ledger(book, market, found, case.quote), values)
    owner = np.concatenate([book.position_account, book.balance_account])
    shown = np.flatnonzero(np.isin(owner, everyone))
    return {
        "schema": SCHEMA,
        "case": {
            "name": case.name,
            "as_of": case.as_of.isoformat(),
            "quote": case.quote,
            "hash": case.digest,
        },
        "smile": _smile(rule, list(fits.values())),
        "scopes": [
            {"scope": name, **_scope(scope_greeks(valued.ledger, np.isin(owner, accounts)))}
            for name, accounts in scopes
        ],
        "positions": _positions(case, valued, shown[shown < book.size.size].tolist()),
        "balances": _balances(
            case, valued, (shown[shown >= book.size.size] - book.size.size).tolist()
        ),
    }


def _scopes(book: Book, account: str | None, desk: str | None) -> list[tuple[str, list[int]]]:
    """What is asked for: names and account numbers; a desk is followed by its accounts."""
    if account is not None:
        if account not in book.account_names:
            raise InputError(
                f"no account is called {account!r}",
                file="--account",
                expected=choices(account, book.account_names),
            )
        return [(f"account:{account}", [book.account_names.index(account)])]
    desks: dict[str, list[int]] = {}
    for n, kind in enumerate(book.account_kind):
        if kind is AccountKind.DESK:
            desks.setdefault(book.account_owner[n], []).append(n)
    if not desks:
        raise InputError(
            "the case has no desk", file="accounts", expected="--account NAME, or a desk in it"
        )
    if desk is not None and desk not in desks:
        raise InputError(
            f"no desk is called {desk!r}", file="--desk", expected=choices(desk, desks)
        )
    out: list[tuple[str, list[int]]] = []
    for owner, accounts in desks.items():
        if desk in (None, owner):
            out.append((f"desk:{owner}", accounts))
            out += [(f"account:{book.account_names[n]}", [n]) for n in accounts]
    return out


def _smile(rule: SmileRule, fits: Sequence[FittedSmile]) -> dict[str, Any]:
    return {
        "rule": rule.value,
        "sentence": SENTENCES[rule],
        "fits": [
            {
                "underlying": fit.underlying,
                "expiry": fit.expiry.isoformat(),
                "level": fit.shape.level,
                "skew": fit.shape.skew,
                "skew_stickiness": fit.smile.ratio,
                "strikes": fit.strikes,
            }
            for fit in fits
        ],
    }


def _scope(found: ScopeGreeks) -> dict[str, Any]:
    return {
        "value": found.value,
        "total": {f"{name}_cash": found.total[name] for name in GREEKS},
        "assets": [_asset(row) for row in found.assets],
        "cross_gamma": [
            {"pair": [pair.first, pair.second], "gamma_cash": pair.gamma} for pair in found.cross
        ],
    }


def _asset(row: AssetGreeks) -> dict[str, Any]:
    out: dict[str, Any] = {"asset": row.asset, "spot": row.spot, "money": row.money}
    for name in GREEKS:
        out |= {name: row.coin(name), f"{name}_cash": getattr(row, name)}
    return out | {"by_reason": dict(row.by_reason)}


def _positions(case: Case, valued: _Valued, rows: Iterable[int]) -> list[dict[str, Any]]:
    """One row per position: Greeks in its underlying, and every asset it is exposed to."""
    book, cash = valued.book, _own_cash(valued)
    home = valued.ledger.home[valued.exposures.named]
    spread = _exposed(valued)
    out = []
    for n in rows:
        item = book.instruments[book.position_instrument[n]]
        assert not isinstance(item, Held)
        spot = float(valued.ledger.spot[home[n]])
        greeks: dict[str, float] = {}
        for name in GREEKS:
            amount = float(cash[name][n])
            greeks |= {name: amount / spot, f"{name}_cash": amount}
        out.append(
            {
                "account": book.account_names[book.position_account[n]],
                "instrument": item.name,
                "kind": kind_of(item),
                "underlying": book.assets[home[n]],
                "settle": item.settle,
                "size": float(book.size[n]),
                "mark": _mark(case, item),
                "value": float(valued.values.value[n]),
                "paid": float(valued.values.paid[n]),
                "isolated_margin": float(book.isolated_margin[n]) if book.isolated[n] else None,
                **greeks,
                "exposures": spread.get(n, []),
            }
        )
    return out


def kind_of(item: Instrument) -> str:
    """A position's kind in words: "inverse option", "quanto perpetual"."""
    word = type(item).__name__.lower()
    if isinstance(item, Held):
        return word
    if not isinstance(item, Option) and item.quanto:
        return f"quanto {word}"
    return f"{'inverse' if item.inverse else 'linear'} {word}"


def _mark(case: Case, item: Instrument) -> float:
    state = case.market.instruments.get(item.name)
    if state is None or state.mark is None:
        return case.market.assets[item.underlying].spot
    return state.mark


def _own_cash(valued: _Valued) -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
    """Cash Greeks (h,) of every holding in its own underlying; other assets are in exposures.

    Margin posted for an isolated position is held beside it and is not in the position's own.
    """
    e, books = valued.exposures, valued.ledger
    home = books.home[e.named]
    spot, count = books.spot[home], e.value.size
    own = e.slopes.asset == home[e.slopes.holding]
    own &= (e.slopes.reason != Reason.HOLDING) | (e.slopes.holding >= valued.book.size.size)
    bent = (e.bends.first == home[e.bends.holding]) & (e.bends.second == home[e.bends.holding])
    delta = np.bincount(e.slopes.holding[own], e.slopes.delta[own], count)
    gamma = np.bincount(e.bends.holding[bent], e.bends.gamma[bent], count)
    return {
        "delta": delta * spot,
        "gamma": gamma * spot * spot / 100.0,
        "vega": e.vega * PER_POINT,
        "theta": e.theta / DAYS_PER_YEAR,
        "vanna": e.vanna * books.spot[e.named] * PER_POINT,
        "volga": e.volga * PER_POINT**2,
    }


def _exposed(valued: _Valued) -> dict[int, list[dict[str, Any]]]:
    """Of every holding, its rows by asset and reason, zero ones left out."""
    slopes, books = valued.exposures.slopes, valued.ledger
    sums: dict[tuple[int, int, int], float] = {}
    for holding, asset, reason, delta in zip(
        slopes.holding.tolist(),
        slopes.asset.tolist(),
        slopes.reason.tolist(),
        slopes.delta.tolist(),
        strict=True,
    ):
        key = (holding, asset, reason)
        sums[key] = sums.get(key, 0.0) + delta
    out: dict[int, list[dict[str, Any]]] = {}
    for (holding, asset, reason), delta in sums.items():
        if delta != 0.0:
            row = {
                "asset": books.names[asset],
                "reason": Reason(reason).name.lower(),
                "delta": delta,
                "delta_cash": delta * float(books.spot[asset]),
            }
            out.setdefault(holding, []).append(row)
    return out


def _balances(case: Case, valued: _Valued, rows: Iterable[int]) -> list[dict[str, Any]]:
    """One row per balance; of a share, its worth by contents and the market's discount to it."""
    book, count = valued.book, valued.book.size.size
    known = claims(case.market, book.instruments)
    spread = _exposed(valued)
    out = []
    for n in rows:
        asset = book.assets[book.balance_asset[n]]
        claim, share = known[asset], asset in case.market.shares
        value = float(valued.exposures.value[count + n])
        out.append(
            {
                "account": book.account_names[book.balance_account[n]],
                "asset": asset,
                "quantity": float(book.quantity[n]),
                "spot": claim.price,
                "value": value,
                "worth": claim.price / claim.ratio if share else None,
                "discount": claim.ratio - 1.0 if share else None,
                "discount_cash": value if share else None,
                "theta_cash": float(valued.exposures.theta[count + n]) / DAYS_PER_YEAR,
                "exposures": spread.get(count + n, []),
            }
        )
    return out


def total_of(result: Mapping[str, Any], scope: str) -> Mapping[str, Any]:
    """The entry of one scope of a result."""
    found: Mapping[str, Any] = next(row for row in result["scopes"] if row["scope"] == scope)
    return found
