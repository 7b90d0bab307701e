"""The main job: a Case in, one answer out, as the dict that becomes JSON, page and exit code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

import seawall
from seawall.book import AccountKind
from seawall.cascade.engine import BASE, World, prepare
from seawall.cascade.pieces.compute import Compute
from seawall.cascade.setup import Setup
from seawall.cascade.table import rules_named
from seawall.case import Case
from seawall.exposure.accounts import Receive, accounts_block
from seawall.exposure.cautions import cautions
from seawall.exposure.concentration import concentration
from seawall.exposure.counterparty.block import counterparty_block
from seawall.exposure.crowd_leverage import crowd_leverage, crowd_worlds
from seawall.exposure.curve import (
    horizons,
    kinds_block,
    last_step,
    whole_steps,
)
from seawall.exposure.drawn import drawn_blocks, focus_of
from seawall.exposure.fan import watch_of
from seawall.exposure.first_to_break import first_to_break
from seawall.exposure.headline import headline_remedy, headline_scope
from seawall.exposure.impairment import desk_columns, desks
from seawall.exposure.limits import evaluate, limit_horizons
from seawall.exposure.manifest import manifest_block
from seawall.exposure.model_interval import model_prior, nodes
from seawall.exposure.notional import gross_notional, row_notional
from seawall.exposure.number_limits import with_numbers
from seawall.exposure.option_bounds import option_bounds_block
from seawall.exposure.parts import part_worlds, parts_paths, plain_split
from seawall.exposure.parts_by import split_up
from seawall.exposure.payers import who_pays
from seawall.exposure.rare import Rare, choose_tilt, rare_block, rare_scopes, run_rare
from seawall.exposure.remedy.ranked import Search
from seawall.exposure.remedy.search import QUICK
from seawall.exposure.runs import Plan, plan, refuse_tilted, run_plan
from seawall.exposure.scopes import Beside, Found, scopes_block
from seawall.exposure.shocked import Shocked, shocks_of_page
from seawall.exposure.since import since_last
from seawall.exposure.summary import Summary
from seawall.exposure.system import amplification, system_numbers
from seawall.exposure.tail.block import tail_block
from seawall.foundation.errors import InputError
from seawall.scenario.tilt import Tilt

SCHEMA = "seawall/check/1"
ASSUMPTIONS_USED = tuple(f"A{n}" for n in range(1, 15))
Progress = Callable[[float, str], None]


def check(
    case: Case,
    *,
    horizon_seconds: float = 86_400.0,
    paths: int = 400,
    seed: int = 1,
    progress: Progress | None = None,
    compute: Compute | None = None,
    rare: bool = False,
    parts_by: tuple[str, ...] = (),
    parts_from: int | None = None,
    accounts: Receive | None = None,
    counterparty: bool = False,
    since: Case | None = None,
) -> dict[str, Any]:
    """Does it survive, what dies first, who pays, what would help: the result of `seawall check`.

    ``compute``: engine and workers, no bit of the answer. ``rare``: as many tilted paths again.
    ``counterparty``: venues fail in turn. ``parts_by``, ``accounts``: see `exposure.parts_by`,
    `exposure.accounts`. ``parts_from``: paths behind the parts. ``since``: an earlier Case.
    Returns the dict of docs/json.md (seawall/check/1); SeawallError where there is no answer.
    """
    seconds = _horizons(case, horizon_seconds, paths)
    steps = last_step(horizon_seconds, case.step_seconds)
    setup = prepare(case, (BASE, *(crowds := crowd_worlds(case))))
    prior = model_prior(case, _gross(setup))
    chosen = _planned(setup, [*nodes(prior), *crowds], (paths, steps, seed), parts_from)
    chosen = _keeping(chosen, seconds, setup, accounts is not None)
    tilt = _tilted(setup, chosen) if rare else None  # refused before anything is run
    base, *side = run_plan(setup, chosen, progress, compute)
    found, others = base.found, [one.found for one in side]
    beside = _beside(others, chosen.parts)
    tilted = run_rare(setup, chosen, tilt, found, beside, progress, compute)
    dre = _dre(setup, found, beside, seconds, chosen, tilted)
    limits = evaluate(case, dre, rows := concentration(setup), found)
    headline = headline_scope(setup, dre, limits)
    asked = (paths, steps, seed)
    result = _question(case, setup, chosen, horizon_seconds) | {"headline": headline, "dre": dre}
    result["crowd_leverage"] = crowd_leverage(case, found, headline, beside.crowds, steps)
    result["first_to_break"] = _first(setup, found, headline, steps)
    result |= _payers(setup, base, headline, steps)
    shocked = shocks_of_page(setup, _shocked(setup), _focus(setup, result))
    result["system"] = _system(setup, base, steps, shocked)
    result["tail"] = tail_block(setup, found, base.final, seconds, seed)
    result |= {"concentration": rows, "limits": limits}
    search = Search(steps, seed, chosen.remedy_paths, QUICK, compute, tilted is not None)
    result |= headline_remedy(setup, base, headline, limits, rows, search)
    result |= drawn_blocks(setup, base, chosen.watch, result, _shocked(setup), shocked)
    result["assumptions"] = list(ASSUMPTIONS_USED)
    result["warnings"] = cautions(case, setup, prior, horizon_seconds, shocked)
    result |= {} if tilted is None else {"rare": rare_block(tilted, seconds, setup)}
    result |= counterparty_block(setup, found, asked, progress, compute, removed=counterparty)
    result |= accounts_block(setup, base, steps, accounts) | option_bounds_block(setup, steps)
    result |= split_up(setup, headline, parts_by, asked, progress, compute)
    result |= since_last(since, case, result, compute, progress)
    result["limits"] = with_numbers(case, result)
    result |= {"manifest": manifest_block(case, result["assumptions"])}
    if progress is not None:
        progress(1.0, "done")
    return result


def _planned(
    setup: Setup, beside: list[World], asked: tuple[int, int, int], parts_from: int | None
) -> Plan:
    """The base world, those ``beside`` it and those of the parts; asked: paths, steps, seed."""
    paths, steps, seed = asked
    units = setup.table.units.account.size
    subset = parts_paths(paths, parts_from, units)
    made = plan(beside, paths, steps, seed, units, part_worlds(setup), subset)
    return replace(made, watch=watch_of(setup, _shocked(setup), steps))


def _beside(others: list[Found], parts: int) -> Beside:
    """What the worlds beside the base are for, in the plan's order."""
    last = len(others) - parts
    return Beside(others[:3], others[3:last], others[last:])


def _keeping(chosen: Plan, seconds: list[float], setup: Setup, accounts: bool) -> Plan:
    """The plan with losses kept by these horizons."""
    kept = tuple(last_step(one, setup.step_seconds) for one in seconds)
    return replace(chosen, kept=kept, accounts=accounts)


def _tilted(setup: Setup, chosen: Plan) -> Tilt:
    """How tilted paths are pushed; InputError where they cannot be, or would be too many."""
    refuse_tilted(chosen)
    return choose_tilt(setup, chosen.steps)


def _question(case: Case, setup: Setup, chosen: Plan, horizon_seconds: float) -> dict[str, Any]:
    """What was asked: the first keys of the result."""
    return {
        "schema": SCHEMA,
        "case": _case_block(case, setup),
        "version": seawall.__version__,
        "seed": chosen.seed,
        "paths": chosen.paths,
        "side_paths": chosen.side_paths,
        "horizon_seconds": horizon_seconds,
        "step_seconds": case.step_seconds,
        "steps": last_step(horizon_seconds, case.step_seconds),
    }


def _dre(
    setup: Setup,
    found: Found,
    beside: Beside,
    seconds: list[float],
    chosen: Plan,
    tilted: Rare | None,
) -> dict[str, Any]:
    """`dre` of the result: on plain paths, or where there are any on tilted ones too."""
    split = plain_split(setup, chosen.paths, chosen.parts_paths, chosen.steps)
    if tilted is None:
        scopes = scopes_block(setup.case, found, beside, split, seconds, chosen.seed)
    else:
        scopes = rare_scopes(tilted, seconds, setup, chosen.seed)
    return {
        "horizons_seconds": seconds,
        "kinds": kinds_block(setup.case),
        "parts_paths": split.paths,
        "parts_channels": list(split.channels),
        "scopes": scopes,
    }


def _horizons(case: Case, horizon_seconds: float, paths: int) -> list[float]:
    """The grid of horizons of a run; InputError for a run or a limit that has no answer."""
    step = case.step_seconds
    if paths < 1:
        raise InputError(f"{paths} paths", expected="one path at least")
    if not whole_steps(horizon_seconds, step):
        below = last_step(horizon_seconds, step) * step
        near = [f"{x:,.10g} s" for x in (below, below + step) if x > 0]
        raise InputError(
            f"a horizon of {horizon_seconds:,.10g} s is no whole number of steps of {step:,.10g} s",
            expected=" or ".join(near),
        )
    return horizons(horizon_seconds, step, limit_horizons(case, horizon_seconds))


def _gross(setup: Setup) -> dict[str, float]:
    """Gross notional of the desk by asset (of all accounts without a desk), quote."""
    rows, market = setup.table.rows, setup.case.market.assets
    mine = setup.is_desk[rows.unit] if setup.is_desk.any() else np.ones(rows.unit.size, bool)
    moving = np.array([market[name].volatility > 0 for name in setup.table.assets], dtype=bool)
    every = np.ones(setup.table.options.asset.size, dtype=bool)
    return gross_notional(setup, mine & moving[rows.asset], every)


def _case_block(case: Case, setup: Setup) -> dict[str, Any]:
    traders = [k in (AccountKind.DESK, AccountKind.CROWD) for k in setup.book.account_kind]
    return {
        "name": case.name,
        "hash": case.digest,
        "as_of": case.as_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "quote": case.quote,
        "venues": list(case.rulebooks),
        "mechanisms": _mechanisms(case),
        "accounts": int(sum(traders)),
        "positions": int(setup.book.size.size),
        "desks": [
            {"owner": owner, "equity": float(setup.desk_equity[desk_columns(setup, owner)].sum())}
            for owner in desks(setup)
        ],
    }


def _mechanisms(case: Case) -> dict[str, dict[str, str]]:
    """Rule of each slot in force, by venue and under "market"; who fills none is left out."""
    raw = {venue: rulebook.mechanisms for venue, rulebook in case.rulebooks.items()}
    raw["market"] = case.market.mechanisms
    return {name: rules_named(tables) for name, tables in raw.items() if tables}


def _first(setup: Setup, found: Found, headline: str, step: int) -> list[dict[str, Any]]:
    if not headline.startswith("desk:"):
        return []
    owner = headline.removeprefix("desk:")
    return first_to_break(setup, found[headline][1], owner, step)


def _payers(setup: Setup, kept: Summary, headline: str, step: int) -> dict[str, Any]:
    impairment, place, own = kept.found[headline][1], -1, kept.closed_loss
    if headline.startswith("desk:"):
        place = desks(setup).index(headline.removeprefix("desk:"))
        own = impairment.loss_by(step)
    return who_pays(kept.borne[:, place], impairment, step, own) | {"who_pays_scope": headline}


def _system(setup: Setup, base: Summary, steps: int, shocked: Shocked | None) -> dict[str, Any]:
    return system_numbers(setup, base, steps) | {
        "amplification": amplification(setup, _shocked(setup), shocked)
    }


def _focus(setup: Setup, result: dict[str, Any]) -> str:
    return focus_of(_shocked(setup), result["first_to_break"])


def _shocked(setup: Setup) -> tuple[str, ...]:
    """Assets whose shocks are amplified on the page: those of derivatives, largest first, five;
    where there are only loans, the volatile ones that are held and owed.
    """
    rows, known = setup.table.rows, setup.case.market.assets
    volatile = np.array([known[name].volatility > 0 for name in setup.table.assets])
    derivative = rows.position >= 0
    counted = derivative if derivative.any() else volatile[rows.asset]
    gross = np.bincount(
        rows.asset[counted],
        row_notional(setup)[counted],
        minlength=len(setup.table.assets),
    )
    order = np.argsort(-gross, kind="stable")[:5]
    return tuple(setup.table.assets[k] for k in order if gross[k] > 0)
