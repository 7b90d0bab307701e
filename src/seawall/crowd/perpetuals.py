"""A crowd of perpetual accounts that together with the accounts given fills the open interest.

Each account draws: how many instruments it trades, 1 + Poisson(positions_mean - 1), at most all of
them; which, without replacement, likelier the larger the open interest; one notional, lognormal
with log-sd size_log_sd, split evenly; one side u, long in an instrument where u < its long share
(so accounts are directional across instruments); one leverage, lognormal; entries around the price,
lognormal with sd 3%.

Then in each instrument longs and shorts are rescaled apart, so that the long share is met exactly
and the larger side, accounts given included, is the open interest. What longs and shorts differ by
the order book holds. Each margin account's equity is notional / leverage, raised where needed to
1.1 x initial and 1.05 x maintenance margin at the price that governs margin, and never below its
unrealised profit (cash is not negative); an isolated position keeps a tenth of that as margin at
least.

Source for the shape: sizes lognormal with Gini 2 Phi(size_log_sd / sqrt 2) - 1 (Aitchison and Brown
1957). Wrong when: entries trail a trend, or large accounts differ in leverage from small ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from seawall.crowd.columns import (
    Bools,
    CrowdColumns,
    Draw,
    Floats,
    Ints,
    account_normals,
    account_uniforms,
)
from seawall.crowd.spec import CrowdSpec, LeverageMix
from seawall.foundation.arrays import segment_sums
from seawall.foundation.errors import InputError
from seawall.instruments import Instrument, Perpetual
from seawall.margin.table.listing import has_coin_tiers, margin_price_ratio, tiers_of
from seawall.margin.tiered.lines import TierLines, margin, tier_lines
from seawall.market import Market
from seawall.venues import Rulebook
from seawall.venues.rulebook import WHOLE

ENTRY_SD = 0.03
INITIAL_BUFFER = 1.1
MAINTENANCE_BUFFER = 1.05
LEAST_ISOLATED = 0.1
# An instrument is chosen as if it had at least this share of all open interest: a coin with little
# of it still needs more than a handful of holders.
LEAST_SHARE = 0.02


@dataclass(frozen=True)
class _Contracts:
    """What the market and rulebook say of each instrument of the crowd, (i,) each."""

    names: tuple[str, ...]
    assets: tuple[str, ...]
    settle: Ints
    inverse: Bools
    price: Floats  # the one that governs margin, quote
    unit: Floats  # quote notional of one unit of size at the mark
    open_interest: Floats
    long_share: Floats
    held_long: Floats
    held_short: Floats
    tiers: TierLines
    slope: Floats


@dataclass(frozen=True)
class _Positions:
    """One row per position of the crowd, sorted by account, (n,) each."""

    account: Ints
    contract: Ints
    size: Floats
    entry: Floats
    isolated: Bools


@dataclass(frozen=True)
class _Needs:
    """Of each position, in its settlement asset, (n,) each."""

    equity: Floats
    initial: Floats
    maintenance: Floats
    profit: Floats


def generate_perpetuals(
    spec: CrowdSpec,
    mix: LeverageMix,
    market: Market,
    rulebook: Rulebook,
    instruments: tuple[Instrument, ...],
    held: Mapping[str, tuple[float, float]],
) -> CrowdColumns:
    """Accounts, positions and cash; see the module's docstring for how they are drawn.

    An instrument whose open interest the accounts given already hold gets no crowd. Raises
    InputError when no perpetual has an open interest, MissingRule for missing tiers.
    """
    contracts = _contracts(spec, market, rulebook, instruments, held)
    positions = _positions(spec, contracts)
    leverage = mix.median * np.exp(
        mix.log_sd * account_normals(spec.seed, Draw.LEVERAGE, spec.accounts)[:, 0]
    )
    needs = _needs(contracts, positions, leverage)
    isolated_margin = np.where(positions.isolated, _isolated_margin(needs), 0.0)
    account, asset, quantity = _cash(contracts, positions, needs)
    return CrowdColumns(
        account_names=tuple(f"crowd-{spec.venue}-{n:06d}" for n in range(spec.accounts)),
        instruments=contracts.names,
        assets=contracts.assets,
        position_account=positions.account,
        position_instrument=positions.contract,
        size=positions.size,
        entry=positions.entry,
        isolated=positions.isolated,
        isolated_margin=isolated_margin,
        balance_account=account,
        balance_asset=asset,
        quantity=quantity,
    )


def _contracts(
    spec: CrowdSpec,
    market: Market,
    rulebook: Rulebook,
    instruments: tuple[Instrument, ...],
    held: Mapping[str, tuple[float, float]],
) -> _Contracts:
    listed: list[tuple[Perpetual, float, float]] = []
    for instrument in instruments:
        state = market.instruments.get(instrument.name)
        if not isinstance(instrument, Perpetual) or state is None or not state.open_interest:
            continue
        spot = market.assets[instrument.underlying].spot
        mark = spot if state.mark is None else state.mark
        listed.append((instrument, mark, state.open_interest))
    if not listed:
        raise InputError(
            f"no perpetual of venue {spec.venue!r} has an open interest",
            column="open_interest",
            expected="open_interest in market.toml for the instruments that its crowd trades",
        )
    assets = tuple(dict.fromkeys(instrument.settle for instrument, _, _ in listed))
    inverse = np.array([instrument.inverse for instrument, _, _ in listed])
    shares = spec.long_share or {}
    rule = rulebook.option_margin
    return _Contracts(
        names=tuple(instrument.name for instrument, _, _ in listed),
        assets=assets,
        settle=np.array([assets.index(p.settle) for p, _, _ in listed], dtype=np.int64),
        inverse=inverse,
        price=np.array(
            [
                market.assets[p.underlying].spot * margin_price_ratio(market, rulebook, p)
                for p, _, _ in listed
            ]
        ),
        unit=np.where(inverse, 1.0, [mark for _, mark, _ in listed]),
        open_interest=np.array([interest for _, _, interest in listed]),
        long_share=np.array([shares.get(p.name, 0.5) for p, _, _ in listed]),
        held_long=np.array([held.get(p.name, (0.0, 0.0))[0] for p, _, _ in listed]),
        held_short=np.array([held.get(p.name, (0.0, 0.0))[1] for p, _, _ in listed]),
        tiers=tier_lines(
            [tiers_of(rulebook, p) for p, _, _ in listed],
            [has_coin_tiers(rulebook, p) for p, _, _ in listed],
            [rulebook.tier_form == WHOLE for _ in listed],
        ),
        slope=np.array(
            [0.0 if rule is None else rule.perp(p.underlying).slope for p, _, _ in listed]
        ),
    )


def _positions(spec: CrowdSpec, contracts: _Contracts) -> _Positions:
    """Who holds what, rescaled to the open interest; nothing here knows the leverage."""
    accounts, kinds = spec.accounts, len(contracts.names)
    number = 1 + _poisson(
        account_uniforms(spec.seed, Draw.COUNT, accounts)[:, 0], spec.positions_mean - 1.0, kinds
    )
    number = np.minimum(number, kinds)
    chosen = _choose(spec, contracts, number)
    account, contract = np.nonzero(chosen)
    notional = np.exp(spec.size_log_sd * account_normals(spec.seed, Draw.SIZE, accounts)[:, 0])
    side = account_uniforms(spec.seed, Draw.SIDE, accounts)[:, 0]
    long = side[account] < contracts.long_share[contract]
    size = (notional / number)[account] / contracts.unit[contract]
    size = size * _factors(contracts, contract, size, long)
    spread = account_normals(spec.seed, Draw.ENTRY, accounts, kinds)[chosen]
    alone = account_uniforms(spec.seed, Draw.ISOLATED, accounts, kinds)[chosen]
    keep = size > 0.0
    return _Positions(
        account=account[keep],
        contract=contract[keep],
        size=np.where(long, size, -size)[keep],
        entry=(contracts.price[contract] * np.exp(ENTRY_SD * spread))[keep],
        isolated=(alone < spec.isolated_share)[keep],
    )


def _poisson(uniform: Floats, mean: float, most: int) -> Ints:
    """Poisson numbers by inversion, cut at ``most``."""
    chance = np.cumprod(np.r_[np.exp(-mean), mean / np.arange(1.0, most + 1.0)])
    return np.searchsorted(np.cumsum(chance[:-1]), uniform, side="right").astype(np.int64)


def _choose(spec: CrowdSpec, contracts: _Contracts, number: Ints) -> Bools:
    """Which instruments each account trades, (a, i): weighted sampling without replacement.

    The m largest of log(weight) - log(-log(u)) are such a sample (Efraimidis and Spirakis 2006).
    """
    interest = contracts.open_interest * contracts.unit
    weight = np.maximum(interest / interest.sum(), LEAST_SHARE)
    drawn = account_uniforms(spec.seed, Draw.CHOICE, number.size, weight.size)
    key = np.log(weight) - np.log(-np.log(drawn))
    # Account j always trades instrument j, so that no open interest is left without a holder.
    first = np.arange(min(number.size, weight.size))
    key[first, first] = np.inf
    ranked = -np.sort(-key, axis=1)
    least = ranked[np.arange(number.size), number - 1]
    chosen: Bools = key >= least[:, None]
    return chosen


def _factors(contracts: _Contracts, contract: Ints, size: Floats, long: Bools) -> Floats:
    """What each position's size is multiplied by so that its instrument adds up, (n,)."""
    kinds = contracts.open_interest.size
    longs = segment_sums(np.where(long, size, 0.0), contract, kinds)
    shorts = segment_sums(np.where(long, 0.0, size), contract, kinds)
    # A side that nobody drew stays empty: the share is then what was drawn.
    share = np.where(longs == 0.0, 0.0, np.where(shorts == 0.0, 1.0, contracts.long_share))
    room_long = contracts.open_interest - contracts.held_long
    room_short = contracts.open_interest - contracts.held_short
    with np.errstate(divide="ignore", invalid="ignore"):
        total = np.minimum(
            np.where(share > 0.0, room_long / share, np.inf),
            np.where(share < 1.0, room_short / (1.0 - share), np.inf),
        )
        total = np.maximum(total, 0.0)
        up = np.where(longs > 0.0, share * total / longs, 0.0)
        down = np.where(shorts > 0.0, (1.0 - share) * total / shorts, 0.0)
    return np.where(long, up[contract], down[contract])


def _needs(contracts: _Contracts, positions: _Positions, leverage: Floats) -> _Needs:
    """Equity wanted, margins and unrealised profit of each position, settlement asset."""
    row = positions.contract
    price, inverse = contracts.price[row], contracts.inverse[row]
    notional = np.abs(positions.size) * np.where(inverse, 1.0, price)
    lines = contracts.tiers
    slope = contracts.slope[row] * notional / price * notional
    # Tiers bounded in coin are asked in coin; the result is in quote like the others.
    unit = np.where(lines.in_coin[row], price, 1.0)
    asked = notional / unit
    begins = lines.starts(row)
    initial = margin(asked, lines.initial_rate[row], lines.initial_deduction[row], begins)
    rate, cut = lines.maintenance_rate[row], lines.maintenance_deduction[row]
    maintenance = margin(asked, rate, cut, begins) * unit + slope
    gain = positions.size * np.where(
        inverse, price / positions.entry - 1.0, price - positions.entry
    )
    # Inverse contracts are reckoned in quote up to here and paid in coin.
    coin = np.where(inverse, 1.0 / price, 1.0)
    return _Needs(
        equity=notional / leverage[positions.account] * coin,
        initial=(initial * unit + slope) * coin,
        maintenance=maintenance * coin,
        profit=gain * coin,
    )


def _least_equity(equity: Floats, initial: Floats, maintenance: Floats) -> Floats:
    return np.maximum(
        equity, np.maximum(INITIAL_BUFFER * initial, MAINTENANCE_BUFFER * maintenance)
    )


def _isolated_margin(needs: _Needs) -> Floats:
    equity = _least_equity(needs.equity, needs.initial, needs.maintenance)
    return np.maximum(equity - needs.profit, LEAST_ISOLATED * equity)


def _cash(contracts: _Contracts, positions: _Positions, needs: _Needs) -> tuple[Ints, Ints, Floats]:
    """One balance per account and settlement asset of its cross positions.

    Cross positions that settle in one asset share a margin account, so each such account is given
    what it needs in that asset.
    """
    cross = ~positions.isolated
    width = len(contracts.assets)
    key = positions.account[cross] * width + contracts.settle[positions.contract[cross]]
    margin_accounts, segment = np.unique(key, return_inverse=True)

    def total(column: Floats) -> Floats:
        return segment_sums(column[cross], segment, margin_accounts.size)

    equity = _least_equity(total(needs.equity), total(needs.initial), total(needs.maintenance))
    quantity = np.maximum(equity - total(needs.profit), 0.0)
    return margin_accounts // width, margin_accounts % width, quantity
