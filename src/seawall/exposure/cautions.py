"""What a reader must know before trusting a result: sentences for the report's warnings."""

from __future__ import annotations

import numpy as np

from seawall.book import AccountKind
from seawall.breaker.open_interest_cap import above_cap
from seawall.cascade.breakers import open_interest
from seawall.cascade.setup import Setup
from seawall.cascade.state import begin
from seawall.case import Case
from seawall.exposure.at_the_start import odd_signs
from seawall.exposure.limits import beyond_the_run, duration
from seawall.exposure.model_interval import ModelPrior
from seawall.exposure.shocked import Shocked
from seawall.instruments import Traded
from seawall.margin.table.assess import requirement
from seawall.scenario.failure.manipulation import OracleManipulation

NAMED = 6
# Amplification from which a warning asks for a second look at the inputs: a choice, not a law.
RUNAWAY = 10.0


def cautions(
    case: Case,
    setup: Setup,
    prior: ModelPrior,
    horizon_seconds: float,
    shocked: Shocked | None = None,
) -> list[str]:
    """The warnings of one result, most serious first; ``shocked``: the shocks of its page."""
    return [
        *_unevaluated_limits(case, horizon_seconds),
        *broken_at_the_start(setup),
        *odd_signs(setup),
        *_runaways(setup, shocked),
        *_feedback_off(case),
        *_scenario(case, prior),
        *_pegs_of_contracts(setup),
        *_default_tiers(setup),
        *_rounded_delays(setup),
        *_at_the_cap(setup),
        *_calm_looks_stale(setup),
    ]


def _some(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (" and more" if len(names) > NAMED else "")


def _unevaluated_limits(case: Case, horizon_seconds: float) -> list[str]:
    limits = beyond_the_run(case, horizon_seconds)
    if not limits:
        return []
    longest = max(limit.horizon_seconds or 0.0 for limit in limits)
    count = f"{len(limits)} limit is" if len(limits) == 1 else f"{len(limits)} limits are"
    return [
        f"{count} on a horizon beyond this run and evaluated only where breached already: "
        f"{_some([limit.name for limit in limits])}; run with --horizon {duration(longest)}."
    ]


def broken_at_the_start(setup: Setup) -> list[str]:
    """Desk accounts that the venue may close before any price moves."""
    need = requirement(setup.table, setup.spot[setup.table.feed_asset], setup.start_scale)
    broken = setup.desk_units[need.liquidatable[setup.desk_units]]
    names = [setup.book.account_names[setup.table.units.account[u]] for u in broken]
    names = list(dict.fromkeys(names))
    return [f"already below maintenance at the start: {_some(names)}."] if names else []


def _runaways(setup: Setup, shocked: Shocked | None) -> list[str]:
    """Assets of which one shock feeds on itself beyond anything seen, each at its worst shock."""
    if shocked is None:
        return []
    said = []
    for asset in np.unique(shocked.asset).tolist():
        worst = max(shocked.of(asset), key=lambda shock: shocked.at(asset, shock).ratio)
        ratio = shocked.at(asset, worst).ratio
        if ratio >= RUNAWAY:
            said.append(
                f"{setup.table.assets[asset]} {worst:+.0%} becomes {worst * ratio:+.0%} by forced "
                f"orders ({ratio:.1f}x): check its depth in market.toml against the open interest "
                "and leverage of the crowd before trusting these numbers."
            )
    return said


def _feedback_off(case: Case) -> list[str]:
    if case.market.scenario.label == "total":
        return ["paths are labelled total: the crowd's feedback on prices is off."]
    if not case.crowds and AccountKind.CROWD not in case.book.account_kind:
        return ["there is no crowd: nobody else is liquidated, so nothing amplifies a shock."]
    return []


def _scenario(case: Case, prior: ModelPrior) -> list[str]:
    out = []
    scenario = case.market.scenario
    if prior.volatility == 0 and prior.depth == 0:
        out.append(
            "the case states no error that applies (volatility_error, branching_error, "
            "depth_error): the model interval is empty of model uncertainty."
        )
    if scenario.model == "diffusion" and scenario.jumps_per_year > 0:
        out.append(
            f"jumps_per_year = {scenario.jumps_per_year:g} is not used by the model diffusion; "
            "model = jump_diffusion would."
        )
    return out


def _pegs_of_contracts(setup: Setup) -> list[str]:
    """Assets that contracts pay in beside the quote currency, where the run moves their price.

    Such a contract is priced in the quote currency. On its venue its price is in what it pays in,
    and rises when that falls: what longs win and shorts lose by it is not in the run.
    """
    paying: dict[str, list[str]] = {}
    held = set(setup.book.position_instrument.tolist())
    for n, one in enumerate(setup.book.instruments):
        if n not in held or not isinstance(one, Traded) or one.inverse:
            continue
        if one.settle != setup.case.quote:
            paying.setdefault(one.settle, []).append(one.name)
    moved = _moved(setup)
    return [
        f"contracts that pay in {asset} ({_some(names)}) are priced in {setup.case.quote}: when "
        f"{asset} loses its peg their price in {asset} does not rise as on the venue, so losses of "
        "shorts and gains of longs from it are missing (docs/failures.md)."
        for asset, names in paying.items()
        if asset in moved
    ]


def _moved(setup: Setup) -> set[str]:
    """Assets whose price the run moves by itself, by volatility or by a failure."""
    assets, failures = setup.table.assets, setup.failures
    out = {name for name in assets if setup.case.market.assets[name].volatility > 0.0}
    for one in () if failures is None else failures.placed:
        if not isinstance(one.failure, OracleManipulation):
            out |= {assets[k] for k in one.assets}
    return out


def _default_tiers(setup: Setup) -> list[str]:
    default = list(setup.table.default_tier_instruments)
    if not default:
        return []
    return [f"{len(default)} instruments are margined by a default tier: {_some(default)}."]


def _at_the_cap(setup: Setup) -> list[str]:
    """Instruments whose open interest has reached its cap before any price moves."""
    if setup.breakers is None or setup.breakers.cap is None:
        return []
    start = begin(setup, setup.spot[None, :])
    held = open_interest(setup, start, np.zeros(1, dtype=np.int64))[0]
    full = np.flatnonzero(above_cap(held, setup.breakers.cap) & (held > 0))
    names = [setup.table.contracts[c][1] for c in full]
    if not names:
        return []
    return [f"open interest is at its cap from the start: {_some(names)}; nobody is closed for it."]


def _calm_looks_stale(setup: Setup) -> list[str]:
    """Feeds that a calm market lets grow older than the venue's limit."""
    rule = None if setup.breakers is None else setup.breakers.staleness
    if rule is None or setup.oracles is not None:
        return []
    feeds = setup.feed_rule
    oldest = feeds.heartbeat_steps[rule.feed] - 1 + feeds.delay_steps[rule.feed]
    calm = (feeds.deviation[rule.feed] > 0) & (oldest > rule.limit_steps)
    if not calm.any():
        return []
    names = [setup.table.assets[k] for k in setup.table.feed_asset[rule.feed[calm]]]
    return [
        "prices grow older than the limit of [mechanisms.staleness] while nothing moves: "
        f"{_some(list(dict.fromkeys(names)))}; accounts that hold them are not closed then."
    ]


def _rounded_delays(setup: Setup) -> list[str]:
    table = setup.table
    late = [
        f
        for f in np.flatnonzero(~setup.direct).tolist()
        if _delay(setup, f) > 0 and setup.feed_rule.delay_steps[f] == 0
    ]
    if not late:
        return []
    venues = dict.fromkeys(table.venues[table.feed_venue[f]] for f in late)
    return [
        f"oracle delays of {len(late)} feeds ({', '.join(venues)}) are shorter than half a step of "
        f"{setup.step_seconds:g} s and round to none: use a step of at most a quarter of the "
        "delay for latency questions."
    ]


def _delay(setup: Setup, feed: int) -> float:
    rulebook = setup.rulebooks[setup.table.feed_venue[feed]]
    name = setup.table.assets[setup.table.feed_asset[feed]]
    delay: float = rulebook.feeds.get(name, rulebook.feed).delay_seconds
    return delay
