"""Limits and crowds of a Case, from limits.toml and crowd.toml."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from seawall.book import AccountKind, Book
from seawall.case import Limit
from seawall.case.case import LIMIT_MEASURES, NUMBER, WITH_INTERVAL
from seawall.case.number_path import known_path
from seawall.crowd import CrowdSpec, LeverageMix
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import (
    AMOUNT,
    FRACTION,
    POSITIVE_AMOUNT,
    POSITIVE_FRACTION,
    SIGNED,
    Quantity,
    choices,
)
from seawall.foundation.section import Section, shown
from seawall.instruments import Perpetual
from seawall.market import Market
from seawall.venues import Rulebook

LIMIT_KEYS = (
    *("name", "measure", "number", "scope", "maximum", "minimum", "horizon", "end"),
    *("hysteresis", "after"),
)
LENGTH = 'a length of time such as "24h", "4h" or "7d"'
LONGEST_RUN = 10_000
CROWD_KEYS = (
    "venue",
    "accounts",
    "seed",
    "kind",
    "leverage",
    "long_share",
    "size_log_sd",
    "positions_mean",
    "isolated_share",
    "collateral_mix",
    "debt_mix",
    "total_debt",
)
DAYS = Quantity("a number of days above 0", 0.0, 10_000.0, True)
MEDIAN = Quantity("a leverage above 0, to 1000", 0.0, 1000.0, True)
LOG_SD = Quantity("a standard deviation of the logarithm from 0 to 5", 0.0, 5.0)
POSITIONS = Quantity("a mean of 1 to 100 positions", 1.0, 100.0)
HORIZON_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
WITHOUT_HORIZON = ("open_interest_share", "days_to_exit")
MAXIMA = {
    "dre": POSITIVE_FRACTION,
    "model_high": POSITIVE_FRACTION,
    "open_interest_share": POSITIVE_FRACTION,
    "fund_ruin": POSITIVE_FRACTION,
    "days_to_exit": DAYS,
}
LEVERAGES = ("light", "base", "heavy")


def read_limits(
    top: Section, book: Book, venues: Sequence[str], assets: Sequence[str]
) -> tuple[Limit, ...]:
    """The limits, each on a known measure and a scope of this Case, or on a path of the report."""
    top.only("limit")
    desks = sorted(
        {
            owner
            for owner, kind in zip(book.account_owner, book.account_kind, strict=True)
            if kind is AccountKind.DESK
        }
    )
    scopes = ["protocol", *(f"venue:{name}" for name in venues)]
    scopes += [scope for desk in desks for scope in (f"desk:{desk}", f"desk:{desk}/loss")]
    limits: list[Limit] = []
    for entry in top.sections("limit"):
        entry.only(*LIMIT_KEYS)
        name = entry.name("name")
        if any(limit.name == name for limit in limits):
            raise entry.refuse("name", f"{name!r} is used twice", "a name for each limit")
        limits.append(_limit(entry, name, scopes, book, assets))
    return tuple(limits)


def _limit(
    entry: Section, name: str, scopes: Sequence[str], book: Book, assets: Sequence[str]
) -> Limit:
    if entry.has("number"):
        measure, scope, path = NUMBER, "", _path(entry, scopes, book, assets)
        horizon = _length(entry) if entry.has("horizon") else None
    else:
        measure, path = entry.word("measure", LIMIT_MEASURES), None
        scope, horizon = entry.word("scope", scopes), _horizon(entry, measure)
    end = entry.word("end", ("low", "high")) if entry.has("end") else None
    if end is not None and measure not in (NUMBER, *WITH_INTERVAL):
        raise entry.refuse("end", f"is given, but {measure} has no interval", "no such key")
    bounds = SIGNED if path is not None else MAXIMA.get(measure, AMOUNT)
    if entry.has("maximum") and entry.has("minimum"):
        raise entry.refuse("minimum", "is given beside a maximum", "one of them")
    has_minimum = entry.has("minimum")
    return Limit(
        name=name,
        measure=measure,
        scope=scope,
        maximum=None if has_minimum else entry.number("maximum", bounds),
        horizon_seconds=horizon,
        number=path,
        minimum=entry.number("minimum", bounds) if has_minimum else None,
        end=end,
        hysteresis=entry.number("hysteresis", FRACTION, 0.1),
        after=entry.whole("after", 1, LONGEST_RUN, 1),
    )


def _path(entry: Section, scopes: Sequence[str], book: Book, assets: Sequence[str]) -> str:
    """The path of a number, its keys known; which rows there are is known after the run."""
    for key in ("measure", "scope"):
        if entry.has(key):
            raise entry.refuse(key, "is given beside number, whose path says it", "no such key")
    path = entry.note("number")
    venues = [x.removeprefix("venue:") for x in scopes if x.startswith("venue:")]
    names = [*scopes, *venues, *book.account_names, *book.account_owner, *assets]
    names += [f"account:{name}" for name in book.account_names]
    try:
        known_path(path, [*names, *(x.name for x in book.instruments)])
    except InputError as error:
        raise entry.refuse("number", f"cannot be used: {error}") from None
    return path


def _horizon(entry: Section, measure: str) -> float | None:
    if measure in WITHOUT_HORIZON:
        if entry.has("horizon"):
            raise entry.refuse("horizon", f"is given, but {measure} has none", "no such key")
        return None
    if not entry.has("horizon"):
        raise entry.refuse("horizon", "is missing", LENGTH)
    return _length(entry)


def _length(entry: Section) -> float:
    text = entry.values["horizon"]
    found = (
        re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)([smhd])", text) if isinstance(text, str) else None
    )
    seconds = float(found.group(1)) * HORIZON_UNITS[found.group(2)] if found else 0.0
    if not 0.0 < seconds <= 366 * 86_400.0:
        raise entry.refuse("horizon", f"is {shown(text)}", LENGTH)
    return seconds


def read_crowds(
    top: Section, rulebooks: Mapping[str, Rulebook], book: Book, market: Market
) -> tuple[CrowdSpec, ...]:
    """The crowds to generate: at most one of a kind on each venue."""
    top.only("crowd")
    crowds: list[CrowdSpec] = []
    for entry in top.sections("crowd"):
        entry.only(*CROWD_KEYS)
        crowd = _crowd(entry, rulebooks, book, market)
        if any((crowd.venue, crowd.kind) == (other.venue, other.kind) for other in crowds):
            raise entry.refuse("venue", f"{crowd.venue!r} has two crowds of a kind", "one of them")
        crowds.append(crowd)
    return tuple(crowds)


def _crowd(
    entry: Section, rulebooks: Mapping[str, Rulebook], book: Book, market: Market
) -> CrowdSpec:
    venue = entry.word("venue", rulebooks)
    kind = entry.word("kind", ("perpetuals", "loans"), "perpetuals")
    loans = kind == "loans"
    for key in ("collateral_mix", "debt_mix", "total_debt"):
        if entry.has(key) != loans:
            problem = (
                "is missing for a crowd of loans" if loans else "is given, but it has no loans"
            )
            raise entry.refuse(key, problem, "it with kind = 'loans' and only there")
    counted = tuple(rulebooks[venue].collateral)
    return CrowdSpec(
        venue=venue,
        accounts=entry.whole("accounts", 1, 5_000_000),
        seed=entry.whole("seed", 0, 2**63 - 1),
        leverage=_leverage(entry.section("leverage")),
        kind=kind,
        long_share=_long_share(entry.section("long_share"), book, market)
        if entry.has("long_share")
        else None,
        size_log_sd=entry.number("size_log_sd", LOG_SD, 1.8),
        positions_mean=entry.number("positions_mean", POSITIONS, 1.6),
        isolated_share=entry.number("isolated_share", FRACTION, 0.0),
        collateral_mix=_mix(
            entry.section("collateral_mix"), [a for a in market.assets if a in counted]
        )
        if loans
        else None,
        debt_mix=_mix(entry.section("debt_mix"), list(market.assets)) if loans else None,
        total_debt=entry.number("total_debt", POSITIVE_AMOUNT) if loans else 0.0,
    )


def _leverage(section: Section) -> dict[str, LeverageMix]:
    section.only(*LEVERAGES)
    if not section.has("base"):
        raise section.refuse(None, "has no base", "base = { median = ..., log_sd = ... }")
    mixes: dict[str, LeverageMix] = {}
    for name in section.values:
        entry = section.section(name)
        entry.only("median", "log_sd")
        mixes[name] = LeverageMix(entry.number("median", MEDIAN), entry.number("log_sd", LOG_SD))
    return mixes


def _long_share(section: Section, book: Book, market: Market) -> dict[str, float]:
    perpetuals = [item.name for item in book.instruments if isinstance(item, Perpetual)]
    for name in section.values:
        if name not in perpetuals:
            raise section.refuse(name, "is not a perpetual of the case", choices(name, perpetuals))
        if market.instruments[name].open_interest is None:
            raise section.refuse(
                name,
                "has no open interest, from which its crowd is generated",
                f"[instruments.{name}] open_interest in market.toml",
            )
    return section.numbers(FRACTION)


def _mix(section: Section, known: Sequence[str]) -> dict[str, float]:
    for name in section.values:
        if name not in known:
            raise section.refuse(name, "cannot be used here", choices(name, known))
    shares = section.numbers(FRACTION)
    total = sum(shares.values())
    if abs(total - 1.0) > 1e-6:
        raise section.refuse(None, f"adds up to {total:g}", "shares that add up to 1")
    return shares
