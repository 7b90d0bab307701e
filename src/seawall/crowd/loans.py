"""A crowd of borrowers: one debt and one collateral asset each, with a drawn health factor.

Each account draws a debt asset by debt_mix, a collateral asset by collateral_mix among those that
are not its debt asset (unless there is no other), a lognormal debt, and a health factor

    health factor = 1.03 + lognormal(median, log_sd)

of the leverage mix: for loans the mix's median is that of the health factor less 1.03, so a
*smaller* median is a more leveraged crowd. Debts are rescaled so that each debt asset has its share
of total_debt exactly; collateral value = health factor x debt / liquidation threshold, at the price
that governs the rulebook's liquidations. Shares of collateral are met within sampling error.

Source: health factor as in Aave v3. Wrong when borrowers hold several collaterals, loop a staked
coin against its base, or watch their health factor and act.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from seawall.crowd.columns import (
    CrowdColumns,
    Draw,
    Floats,
    Ints,
    account_normals,
    account_uniforms,
)
from seawall.crowd.spec import CrowdSpec, LeverageMix
from seawall.foundation.arrays import segment_sums
from seawall.foundation.errors import InputError, MissingRule
from seawall.foundation.pricekind import PriceKind
from seawall.market import Market
from seawall.venues import Rulebook

LEAST_HEALTH = 1.03


def generate_loans(
    spec: CrowdSpec, mix: LeverageMix, market: Market, rulebook: Rulebook
) -> CrowdColumns:
    """Borrowers with their collateral (quantity > 0) and debt (quantity < 0); no positions.

    Raises InputError for empty or impossible mixes and assets without a price, MissingRule for a
    collateral asset without a liquidation threshold.
    """
    collaterals, collateral_share = _mix(spec, spec.collateral_mix, "collateral_mix", market)
    debts, debt_share = _mix(spec, spec.debt_mix, "debt_mix", market)
    assets = tuple(dict.fromkeys(collaterals + debts))
    debt_asset = _pick(
        account_uniforms(spec.seed, Draw.DEBT_ASSET, spec.accounts)[:, 0], debt_share
    )
    # Account j always borrows debt asset j, so that no share of the debt is without a borrower.
    first = np.arange(min(spec.accounts, len(debts)))
    debt_asset[first] = first
    collateral_asset = _pick_collateral(spec, debts, collaterals, collateral_share, debt_asset)
    debt = np.exp(spec.size_log_sd * account_normals(spec.seed, Draw.SIZE, spec.accounts)[:, 0])
    drawn = segment_sums(debt, debt_asset, len(debts))
    present = drawn > 0.0
    target = np.where(present, debt_share, 0.0)
    target *= spec.total_debt / target.sum()
    factor = np.zeros(len(debts))
    np.divide(target, drawn, out=factor, where=present)
    debt *= factor[debt_asset]
    above = mix.median * np.exp(
        mix.log_sd * account_normals(spec.seed, Draw.LEVERAGE, spec.accounts)[:, 0]
    )
    threshold = np.array([_threshold(rulebook, name) for name in collaterals])
    worth = (LEAST_HEALTH + above) * debt / threshold[collateral_asset]
    collateral_price = np.array([_price(market, rulebook, name) for name in collaterals])
    debt_price = np.array([_price(market, rulebook, name) for name in debts])
    place_c = np.array([assets.index(name) for name in collaterals], dtype=np.int64)
    place_d = np.array([assets.index(name) for name in debts], dtype=np.int64)
    empty_ints, empty = np.zeros(0, dtype=np.int64), np.zeros(0)
    return CrowdColumns(
        account_names=tuple(f"crowd-{spec.venue}-{n:06d}" for n in range(spec.accounts)),
        instruments=(),
        assets=assets,
        position_account=empty_ints,
        position_instrument=empty_ints,
        size=empty,
        entry=empty,
        isolated=np.zeros(0, dtype=np.bool_),
        isolated_margin=empty,
        balance_account=np.repeat(np.arange(spec.accounts, dtype=np.int64), 2),
        # Each account's two rows side by side: collateral, then debt.
        balance_asset=np.column_stack([place_c[collateral_asset], place_d[debt_asset]]).ravel(),
        quantity=np.column_stack(
            [worth / collateral_price[collateral_asset], -debt / debt_price[debt_asset]]
        ).ravel(),
    )


def _mix(
    spec: CrowdSpec, mix: Mapping[str, float] | None, column: str, market: Market
) -> tuple[tuple[str, ...], Floats]:
    """Names and shares (summing to 1) of a mix."""
    named = {name: share for name, share in (mix or {}).items() if share != 0.0}
    if not named or not all(np.isfinite(share) and share > 0.0 for share in named.values()):
        raise InputError(
            f"the crowd of venue {spec.venue!r} has {column} {dict(mix or {})}",
            column=column,
            expected="positive shares of one asset or more",
        )
    missing = [name for name in named if name not in market.assets]
    if missing:
        raise InputError(
            f"the crowd of venue {spec.venue!r} holds {missing[0]}, which has no price",
            column=column,
            expected="assets that market.toml lists",
        )
    share = np.array(list(named.values()))
    return tuple(named), share / share.sum()


def _pick(uniform: Floats, share: Floats) -> Ints:
    """Index of the share in which each uniform number falls."""
    return np.searchsorted(np.cumsum(share)[:-1], uniform, side="right").astype(np.int64)


def _pick_collateral(
    spec: CrowdSpec,
    debts: tuple[str, ...],
    collaterals: tuple[str, ...],
    share: Floats,
    debt_asset: Ints,
) -> Ints:
    """Collateral asset of each account, not its debt asset where there is another."""
    drawn = account_uniforms(spec.seed, Draw.COLLATERAL_ASSET, spec.accounts)[:, 0]
    picked = np.zeros(spec.accounts, dtype=np.int64)
    for number, debt in enumerate(debts):
        other = np.array([name != debt for name in collaterals])
        allowed = np.where(other, share, 0.0) if other.any() else share
        rows = debt_asset == number
        picked[rows] = _pick(drawn[rows], allowed / allowed.sum())
    return picked


def _threshold(rulebook: Rulebook, asset: str) -> float:
    terms = rulebook.collateral.get(asset)
    if terms is None or not terms.liquidation_threshold > 0.0:
        raise MissingRule(
            f"rulebook {rulebook.name!r} has no liquidation threshold for {asset!r}, which its "
            f"crowd holds as collateral: add collateral.{asset}."
        )
    return terms.liquidation_threshold


def _price(market: Market, rulebook: Rulebook, asset: str) -> float:
    """The price of an asset that governs liquidation by this rulebook, quote."""
    state = market.assets[asset]
    if rulebook.margin_price is PriceKind.ORACLE:
        return state.oracle
    return state.index if rulebook.margin_price is PriceKind.INDEX else state.spot
