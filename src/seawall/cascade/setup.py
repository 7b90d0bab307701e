"""What the loop needs, compiled from a Case once: margin table, venue rules and market columns."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from seawall.book import AccountKind, Book
from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.account_rules import AccountRules, compile_accounts
from seawall.cascade.account_slots import check_accounts
from seawall.cascade.attack_rules import AttackRule, compile_attack
from seawall.cascade.breaker_rules import BreakerRules, compile_breakers
from seawall.cascade.dynamic import calm_margin, compile_dynamic, first_factor
from seawall.cascade.failures import FailureRules, compile_failures
from seawall.cascade.fund_rules import FundRules, compile_funds
from seawall.cascade.inclusion_rules import InclusionRules, compile_inclusion
from seawall.cascade.liquidation_slots import check_liquidation
from seawall.cascade.market_agents import MarketAgents, compile_market_agents
from seawall.cascade.market_rules import MarketRules, compile_market, impact_law
from seawall.cascade.oracles import Oracles, compile_oracles
from seawall.cascade.own.fits import check_own
from seawall.cascade.slot_names import check_names
from seawall.cascade.table import MARKET_SLOTS, VENUE_SLOTS, Chosen, compile_mechanisms
from seawall.cascade.wakeup import WakeRule, wake_rule
from seawall.cascade.waterfall_slots import check_slots
from seawall.case import Case
from seawall.foundation.arrays import segment_sums
from seawall.foundation.errors import InputError
from seawall.foundation.units import daily_sigma, volatility_over
from seawall.margin.dynamic.scaling import ScaleMemory, ScaleRule
from seawall.margin.table.assess import option_quotes, requirement, row_worth, starting_holdings
from seawall.margin.table.compile import compile_table
from seawall.margin.table.grouping import TRADERS
from seawall.margin.table.margin_table import MarginTable, RowKind
from seawall.oracle.feed import FeedRule, compile_feeds
from seawall.venues import Feed, Rulebook

# Assets without volatility still drift by funding and interest: they weigh at least this much.
WEIGHT_FLOOR = 0.05
# Volatility that thins depth is a moving average over about this long.
VOLATILITY_MEMORY_SECONDS = 3_600.0


@dataclass(frozen=True)
class ImpactRule:
    """How forced flow moves each asset, (k,): see impact/.

    depth          quote per unit of log-price (linear) or daily volume (square_root); infinite for
                   assets that cannot be moved (the quote currency)
    strength       Y x sigma of one day (square_root only)
    decay          factor on temporary impact per step; permanent_share of impact that stays
    thinning, volatility_weight, expected_move   depth thins with a moving average of |returns|
    feedback       False on `total` paths: orders pay impact but leave no trace in the price
    """

    square_root: bool
    depth: Floats
    strength: Floats
    decay: float
    permanent_share: float
    thinning: float
    volatility_weight: float
    expected_move: Floats
    feedback: bool


@dataclass(frozen=True)
class Setup:
    """One compiled Case: what every path shares.

    rulebooks     by venue index            spot (k,) quote; quote: index of the quote asset
    mechanisms    by venue index, {slot: parameters}; market_mechanisms: those of the market
    market_rules  impact law, depth and linked venues of the market; market_agents: hedgers, makers
    failures      of venues, bridges, stablecoins, contracts; None without the slot
    attack        the strategic attacker's plan; None without the slot
    account_rules  owners of accounts who add margin, sell, or have stops
    feed_rule     oracle feeds              direct (f,) True: the feed is the market price itself
    oracles       stages beside the push feed; inclusion: liquidations that are sent; None without
    breakers      of all venues, None without any; scaling: of dynamic margin, None without any;
    start_scale   (f,) factor on margin at the start, None without dynamic margin
    wake          which units must be checked when (wakeup.py)
    desk_units    (d,)                      is_desk (u,)
    desk_equity   (d,), row_start (r,), option_start (o,): worth at the start, quote
    contract_*    (c,) venue, feed, margin price / feed price (0: options), inverse, settle feed
    start_size    (w, r), start_cash (w, u): what traders hold at the start in each world;
    start_equity  (w, u) quote
    """

    case: Case
    book: Book
    table: MarginTable
    rulebooks: tuple[Rulebook, ...]
    mechanisms: tuple[Chosen, ...]
    market_mechanisms: Chosen
    step_seconds: float
    spot: Floats
    quote: int
    impact: ImpactRule
    market_rules: MarketRules
    market_agents: MarketAgents
    failures: FailureRules | None
    attack: AttackRule | None
    account_rules: AccountRules
    feed_rule: FeedRule
    direct: Bools
    oracles: Oracles | None
    inclusion: InclusionRules | None
    breakers: BreakerRules | None
    scaling: ScaleRule | None
    start_scale: Floats | None
    wake: WakeRule
    desk_units: Ints
    is_desk: Bools
    desk_equity: Floats
    row_start: Floats
    option_start: Floats
    start_size: Floats
    start_cash: Floats
    start_equity: Floats

    contract_venue: Ints
    contract_feed: Ints
    contract_factor: Floats
    contract_inverse: Bools
    contract_settle: Ints

    # What follows from the above, worked out when first asked for: every run of paths needs it.

    @cached_property
    def funds(self) -> FundRules | None:
        """Refills of insurance funds, None without the slot; raises InputError as it says."""
        return compile_funds(
            self.mechanisms, self.rulebooks, self.table, self.case.market, self.step_seconds
        )

    @cached_property
    def calm(self) -> ScaleMemory | None:
        """Memory of dynamic margin that every path begins with, see `calm_margin`."""
        return calm_margin(self.scaling, self.table.feed_asset.size)

    @cached_property
    def book_start(self) -> Floats:
        """Contracts (w, c) that the order books hold at the start in each world: the other side."""
        table, count = self.table, len(self.table.contracts)
        options = segment_sums(table.options.size, table.options.contract, count)
        held: Floats = segment_sums(self.start_size, table.rows.contract, count)
        return -(held + options)


def _impact_rule(case: Case, assets: tuple[str, ...], step_seconds: float) -> ImpactRule:
    scenario, market = case.market.scenario, case.market
    states = [market.assets[name] for name in assets]
    square_root = scenario.impact == "square_root"
    depth = np.array([s.daily_volume if square_root else s.depth for s in states])
    depth[assets.index(case.quote)] = np.inf
    sigma = np.array([daily_sigma(s.volatility) for s in states])
    move = np.array([volatility_over(s.volatility, step_seconds) for s in states])
    if scenario.label == "exogenous":
        move = move * (1.0 - scenario.branching_ratio)
    # E|N(0, 1)| = sqrt(2 / pi); without volatility nothing is a large move.
    expected = np.where(move > 0, move * math.sqrt(2.0 / math.pi), np.inf)
    return ImpactRule(
        square_root=square_root,
        depth=depth,
        strength=scenario.impact_prefactor * sigma,
        decay=math.exp(-step_seconds / scenario.recovery_seconds),
        permanent_share=scenario.permanent_share,
        thinning=scenario.thinning,
        volatility_weight=1.0 - math.exp(-step_seconds / VOLATILITY_MEMORY_SECONDS),
        expected_move=expected,
        feedback=scenario.label == "exogenous",
    )


def compile_setup(case: Case, book: Book, step_seconds: float | None = None) -> Setup:
    """Compile a Case whose crowd and newcomers have been joined into ``book``.

    step_seconds defaults to the Case's. Raises InputError or MissingRule for what cannot be run.
    """
    _refuse_capital_elsewhere(book)
    dt = case.step_seconds if step_seconds is None else step_seconds
    table = compile_table(book, case.market, case.rulebooks, case.quote, case.as_of)
    rulebooks = tuple(case.rulebooks[name] for name in table.venues)
    feeds = [
        rulebooks[v].feeds.get(table.assets[k], rulebooks[v].feed)
        for v, k in zip(table.feed_venue, table.feed_asset, strict=True)
    ]
    spot = np.array([case.market.assets[name].spot for name in table.assets])
    kinds = [book.account_kind[a] for a in table.units.account]
    desk = np.array([kind is AccountKind.DESK for kind in kinds], dtype=bool)
    equity = requirement(table, spot[table.feed_asset]).equity
    mechanisms = tuple(_mechanisms(case, rulebook) for rulebook in rulebooks)
    feed_rule = compile_feeds(feeds, dt)
    oracles = compile_oracles(mechanisms, rulebooks, table, case.quote, feed_rule, dt)
    direct = np.array([feed == Feed() for feed in feeds], dtype=bool)
    scaling = compile_dynamic(mechanisms, rulebooks, table, dt)
    market = _market(case, book, table, dt)
    start_scale = first_factor(scaling, table, spot[table.feed_asset])
    return Setup(
        case=case,
        book=book,
        table=table,
        rulebooks=rulebooks,
        mechanisms=mechanisms,
        step_seconds=dt,
        spot=spot,
        quote=table.assets.index(case.quote),
        account_rules=compile_accounts(mechanisms, table, book, dt),
        feed_rule=feed_rule,
        direct=direct if oracles is None else direct & ~oracles.altered,
        oracles=oracles,
        inclusion=compile_inclusion(mechanisms, oracles, table, case.quote, dt),
        breakers=compile_breakers(
            mechanisms, table, table.assets.index(case.quote), feed_rule.delay_steps, dt
        ),
        scaling=scaling,
        start_scale=start_scale,
        wake=_wake_rule(case, table, dt, start_scale, market["failures"]),
        desk_units=np.flatnonzero(desk),
        is_desk=desk,
        start_size=table.rows.size[None, :],
        start_cash=table.units.cash[None, :],
        start_equity=equity[None, :],
        desk_equity=equity[desk],
        **market,
        **_start_columns(table, spot),
        **_contract_columns(table),
    )


def _mechanisms(case: Case, rulebook: Rulebook) -> Chosen:
    """The slots that a rulebook fills; refuses those that it, or the Case, has no use for."""
    slots = compile_mechanisms(rulebook.mechanisms, VENUE_SLOTS, f"rulebook {rulebook.name}")
    check_slots(rulebook, slots)
    check_liquidation(rulebook, slots)
    check_accounts(rulebook, slots)
    check_own(rulebook, slots)
    check_names(case, rulebook, slots)
    return slots


def _market(case: Case, book: Book, table: MarginTable, step_seconds: float) -> dict[str, Any]:
    """What orders meet: the scenario's impact and the market's slots."""
    slots = compile_mechanisms(case.market.mechanisms, MARKET_SLOTS, "market")
    names = book.account_names
    impact = _impact_rule(case, table.assets, step_seconds)
    return {
        "market_mechanisms": slots,
        "impact": impact,
        "failures": compile_failures(case, slots.get("failures"), table, names, step_seconds),
        "attack": compile_attack(
            case, slots.get("attacker"), table, names, impact_law(case, slots), impact.strength
        ),
        "market_rules": compile_market(case, slots, table, impact.depth, step_seconds),
        "market_agents": compile_market_agents(case, slots, table, step_seconds),
    }


def _start_columns(table: MarginTable, spot: Floats) -> dict[str, Any]:
    """Worth of each row and option at the start."""
    price = spot[table.feed_asset][None, :]
    quotes = option_quotes(table, price, price[0], 0.0)
    quotes.integral = np.zeros_like(price)
    unit = np.arange(table.units.account.size)
    rows = row_worth(table, starting_holdings(table), quotes, np.zeros_like(unit), unit)
    return {
        "row_start": rows.worth,
        "option_start": table.options.size * quotes.option_value[0],
    }


def _contract_columns(table: MarginTable) -> dict[str, Any]:
    """How each contract is quoted, from any row that holds it; nothing for options."""
    count = len(table.contracts)
    columns: dict[str, np.ndarray] = {
        "contract_venue": np.array([v for v, _ in table.contracts], dtype=np.int64),
        "contract_feed": np.zeros(count, dtype=np.int64),
        "contract_factor": np.zeros(count),
        "contract_inverse": np.zeros(count, dtype=bool),
        "contract_settle": np.zeros(count, dtype=np.int64),
    }
    rows, which = table.rows, table.rows.contract
    columns["contract_feed"][which] = rows.feed
    columns["contract_factor"][which] = rows.multiplier
    columns["contract_inverse"][which] = rows.kind == RowKind.INVERSE
    columns["contract_settle"][which] = table.units.settle[rows.unit]
    return columns


def _refuse_capital_elsewhere(book: Book) -> None:
    """Funds and vaults have their capital from the rulebook: a balance of theirs would be lost."""
    for account, quantity in zip(book.balance_account, book.quantity, strict=True):
        if quantity != 0 and book.account_kind[account] not in TRADERS:
            name, kind = book.account_names[account], book.account_kind[account]
            raise InputError(
                f"account {name!r} of kind {kind} has a balance of {quantity:g}",
                file="balances",
                expected="balances of desk and crowd accounts only; the capital of a fund or vault "
                "is fund or backstop under [waterfall] of its rulebook",
            )


def _wake_rule(
    case: Case,
    table: MarginTable,
    step_seconds: float,
    scale: Floats | None,
    failures: FailureRules | None,
) -> WakeRule:
    """Which clock each unit follows, how far prices may move before it must be checked."""
    spot = np.array([case.market.assets[name].spot for name in table.assets])
    volatility = np.array([case.market.assets[name].volatility for name in table.assets])
    top = float(volatility.max(initial=0.0)) or 1.0
    weight = np.maximum(volatility / top, WEIGHT_FLOOR)[table.feed_asset]
    rows, units = table.rows, table.units
    rate = np.abs(rows.rate) * step_seconds / weight[rows.feed]
    drift = np.zeros(weight.size + 1)
    np.maximum.at(drift, rows.feed, rate)
    drift[-1] = drift.max(initial=0.0)
    count = units.account.size
    lowest = np.full(count, weight.size)
    highest = np.full(count, -1)
    np.minimum.at(lowest, rows.unit, rows.feed)
    np.maximum.at(highest, rows.unit, rows.feed)
    clock = np.where(lowest == highest, lowest, weight.size)
    jumps = np.array([case.market.jump_beta.get(name, 0.0) != 0 for name in table.assets])
    if failures is not None:
        jumps[list(failures.moving)] = True
    moving_settle = ((volatility > 0) | jumps)[table.feed_asset[units.settle]]
    always = moving_settle | (np.diff(units.options) > 0)
    # Maintenance that jumps at a tier's bound is not bounded by any exposure.
    jumping = table.tiers.jumps()[rows.tier] & (rows.kind != RowKind.BALANCE)
    always[rows.unit[jumping]] = True
    return wake_rule(weight, drift, clock, always, _thresholds(table, spot, weight, scale))


def with_starts(setup: Setup, others: list[MarginTable]) -> Setup:
    """The setup with further worlds whose traders hold something else behind the same positions.

    Each table must have the rows of the setup's own (another leverage mix of the same crowd has).
    Thresholds become the smallest over worlds, so that no world is checked too late.
    """
    tables = [setup.table, *others]
    rule = setup.wake
    threshold = rule.threshold[rule.rank_of_unit]
    for table in others:
        if not np.array_equal(table.rows.unit, setup.table.rows.unit):
            raise InputError("another world's crowd has other rows than the base world's")
        scale = first_factor(setup.scaling, table, setup.spot[table.feed_asset])
        other = _thresholds(table, setup.spot, rule.weight, scale)
        threshold = np.minimum(threshold, other)
    return replace(
        setup,
        wake=wake_rule(rule.weight, rule.drift, rule.clock, rule.always, threshold),
        start_size=np.stack([table.rows.size for table in tables]),
        start_cash=np.stack([table.units.cash for table in tables]),
        start_equity=np.stack([requirement(t, setup.spot[t.feed_asset]).equity for t in tables]),
    )


def _thresholds(table: MarginTable, spot: Floats, weight: Floats, scale: Floats | None) -> Floats:
    """Weighted displacement (u,) that can use up each unit's buffer; infinite without exposure.

    |change of (equity - maintenance)| <= sum of exposure x |relative price change|.
    """
    price = spot[table.feed_asset]
    need = requirement(table, price, scale)
    quotes = option_quotes(table, price[None, :], price, 0.0)
    quotes.scale = None if scale is None else scale[None, :]
    quotes.integral = np.zeros_like(price)[None, :]
    unit = np.arange(table.units.account.size)
    rows = row_worth(table, starting_holdings(table), quotes, np.zeros_like(unit), unit)
    weighted = rows.exposure * weight[table.rows.feed[rows.row]]
    exposure = np.bincount(rows.pair, weighted, unit.size)
    with np.errstate(divide="ignore", invalid="ignore"):
        buffer = np.maximum(need.equity - need.maintenance, 0.0) / exposure
    return np.where(exposure > 0, buffer * (1.0 - 1e-9), np.inf)
