"""A Case from its folder: every file read once, every number checked, one sentence per refusal."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from seawall.book import Book
from seawall.cascade.table import VENUE_SLOTS, read_mechanisms
from seawall.case import Case
from seawall.case.impairment_kinds import KINDS, ImpairmentKind, counted
from seawall.casefile.book_tables import read_book
from seawall.casefile.folder import RULEBOOKS, CaseFiles, read_folder
from seawall.casefile.history_file import read_histories
from seawall.casefile.market_file import read_assets, read_market
from seawall.casefile.own_mechanisms import trusted_by_environment, with_own_files
from seawall.casefile.settings import read_crowds, read_limits
from seawall.crowd import CrowdSpec
from seawall.foundation.errors import InputError, MissingRule, StaleError
from seawall.foundation.quantity import POSITIVE_FRACTION, POSITIVE_SECONDS, SECONDS, choices
from seawall.foundation.section import Section, parse_toml
from seawall.instruments import Future, Held, Option, Perpetual
from seawall.margin.frameworks import FRAMEWORKS, framework_of
from seawall.market import AssetState
from seawall.venues import Rulebook
from seawall.venues.preset import load_preset, require_rules, rulebook_from

SCHEMA = "seawall/case/1"
CASE_KEYS = (
    "schema",
    "name",
    "as_of",
    "quote",
    "step_seconds",
    "max_age_seconds",
    "loss_fraction",
    "impairments",
)
# Tables of a rulebook from which a margin framework reads its numbers.
MARGIN_TABLES = ("margin", "option_margin")


def load_case(path: str | os.PathLike[str], *, trust_mechanisms: bool = False) -> Case:
    """The Case in folder ``path``, ready to be checked.

    Code that the Case brings is run only with ``trust_mechanisms``, or where the variable
    SEAWALL_TRUST_MECHANISMS is 1; otherwise a Case that has some is refused.
    Raises InputError for the first thing that cannot be used (file, row, column, what would be
    right), StaleError when the market is older than the Case allows or newer than the Case, and
    MissingRule when a venue's rulebook lacks a number that its preset could not source.
    """
    trusted = trust_mechanisms or trusted_by_environment()
    return case_from_files(read_folder(path), trust_mechanisms=trusted)


def case_from_files(files: CaseFiles, *, trust_mechanisms: bool = False) -> Case:
    """As `load_case`, from contents already read."""
    top = _case_toml(files)
    as_of = top.time("as_of")
    market_top = parse_toml(files.toml("market.toml"), "market.toml")
    assets = read_assets(market_top)
    max_age = top.number("max_age_seconds", SECONDS, 86_400.0)
    _check_age(market_top, as_of, max_age)
    quote = _quote(top, market_top, assets)
    raw = _rulebook_files(files)
    rulebooks = {
        venue: with_own_files(
            rulebook_from(section.values, file=section.file, text=section.text),
            section,
            files.contents,
            trusted=trust_mechanisms,
        )
        for venue, section in raw.items()
    }
    for section in raw.values():
        _check_rule_assets(section, assets)
    for venue, section in raw.items():
        mechanisms = Section(
            rulebooks[venue].mechanisms, section.file, ("mechanisms",), section.text
        )
        read_mechanisms(mechanisms, VENUE_SLOTS)
    book = read_book(files, as_of=as_of, assets=list(assets), venues=list(rulebooks))
    market = read_market(market_top, assets, book, list(rulebooks))
    market = replace(market, histories=read_histories(market_top, files.contents))
    crowds = read_crowds(_optional(files, "crowd.toml"), rulebooks, book, market)
    _check_empty(files, book, crowds)
    _check_margins(raw, rulebooks)
    _check_rules(raw, rulebooks, book, crowds)
    return Case(
        name=top.name("name"),
        as_of=as_of,
        quote=quote,
        step_seconds=_step(top),
        book=book,
        market=market,
        rulebooks=rulebooks,
        limits=read_limits(_optional(files, "limits.toml"), book, list(rulebooks), list(assets)),
        crowds=crowds,
        digest=files.digest,
        max_age_seconds=max_age,
        loss_fraction=top.number("loss_fraction", POSITIVE_FRACTION, 0.5),
        impairments=_impairments(top),
        files=files.hashes,
    )


def _case_toml(files: CaseFiles) -> Section:
    top = parse_toml(files.toml("case.toml"), "case.toml")
    top.only(*CASE_KEYS)
    schema = top.name("schema")
    if schema != SCHEMA:
        raise top.refuse("schema", f"is {schema!r}", f"{SCHEMA!r}, which this version reads")
    return top


def _step(top: Section) -> float:
    step = top.number("step_seconds", POSITIVE_SECONDS)
    if step > 86_400.0:
        raise top.refuse("step_seconds", f"is {step:g}", "at most a day, 86400")
    return step


def _impairments(top: Section) -> tuple[ImpairmentKind, ...]:
    if "impairments" not in top.values:
        return KINDS
    names = top.names("impairments")
    known = "some of " + ", ".join(KINDS)
    for name in names:
        if name not in KINDS:
            raise top.refuse("impairments", f"has {name!r}, no kind of impairment", known)
    if not names:
        raise top.refuse("impairments", "is empty, nothing would count", known)
    return counted(names)


def _quote(top: Section, market: Section, assets: Mapping[str, AssetState]) -> str:
    quote = top.name("quote")
    if quote not in assets:
        raise top.refuse(
            "quote", f"is {quote!r}, not an asset of market.toml", choices(quote, assets)
        )
    if assets[quote].spot != 1.0:
        entry = market.section("assets").section(quote)
        raise entry.refuse("spot", f"is {assets[quote].spot:g} for the quote currency", "1")
    return quote


def _check_age(market: Section, as_of: datetime, max_age: float) -> None:
    moment = market.time("as_of")
    age = (as_of - moment).total_seconds()
    if age < 0.0:
        raise StaleError(
            f"as_of {moment.isoformat()} is {-age:,.0f} s after the case's {as_of.isoformat()}",
            file="market.toml",
            expected="a market that was known at the case's time",
        )
    if age > max_age:
        oldest = (as_of - timedelta(seconds=max_age)).isoformat()
        raise StaleError(
            f"as_of {moment.isoformat()} is {age:,.0f} s before the case's {as_of.isoformat()}",
            file="market.toml",
            expected=f"at most {max_age:,.0f} s (max_age_seconds in case.toml), {oldest} or later",
        )


def _rulebook_files(files: CaseFiles) -> dict[str, Section]:
    """Rulebooks by venue, the stem of the file's name, in order of name."""
    found: dict[str, Section] = {}
    for name in sorted(files.contents):
        if name.startswith(f"{RULEBOOKS}/"):
            venue = name.removeprefix(f"{RULEBOOKS}/").removesuffix(".toml")
            if ":" in venue or not venue.isprintable() or venue != venue.strip():
                raise InputError(
                    "cannot be the name of a venue", file=ascii(name), expected="plain letters"
                )
            found[venue] = parse_toml(files.contents[name], name)
    if not found:
        raise InputError(
            "there are no rulebooks", file=f"{RULEBOOKS}/", expected="VENUE.toml in it"
        )
    return found


def _optional(files: CaseFiles, name: str) -> Section:
    data = files.contents.get(name)
    return parse_toml(data, name) if data is not None else Section({}, name)


def _check_rule_assets(section: Section, assets: Mapping[str, AssetState]) -> None:
    """A misspelt asset in a rulebook would silently lose its tiers or not count as collateral.

    Overrides of a preset may only name assets of the market or of the preset. A rulebook that
    stands alone may list a venue's other assets too; there only a wrong case is sure to be wrong.
    """
    preset = section.values.get("preset")
    base = load_preset(preset) if isinstance(preset, str) else {}
    folded = {asset.casefold() for asset in assets}
    for table in ("tiers", "collateral", "feeds"):
        entry = section.section(table)
        shipped = base.get(table)
        allowed = [*assets, *(shipped if isinstance(shipped, dict) else ())]
        for asset in entry.values:
            if asset not in allowed and (base or asset.casefold() in folded):
                raise entry.refuse(asset, "is not an asset of market.toml", choices(asset, assets))


def _check_empty(files: CaseFiles, book: Book, crowds: tuple[CrowdSpec, ...]) -> None:
    """Nothing held is nothing to answer, unless the Case is a venue's crowd and nothing else."""
    if book.size.size or book.quantity.size:
        return
    if crowds and "desk" not in book.account_kind:
        return
    raise InputError(
        "the book is empty, it has no positions and no balances",
        file=files.table("positions"),
        row=2,
        expected="at least one row here or in the balances table",
    )


def _check_margins(raw: Mapping[str, Section], rulebooks: Mapping[str, Rulebook]) -> None:
    """Read every rulebook's margin numbers, so that a wrong one is refused here, with its line.

    Numbers that nobody supplied are asked for when the venue is used, see `_check_rules`.
    """
    for venue, top in raw.items():
        rules = rulebooks[venue]
        if rules.framework not in FRAMEWORKS:
            raise top.refuse(
                "framework",
                f"is {rules.framework!r}, not a margin framework",
                choices(rules.framework, FRAMEWORKS),
            )
        if not any(key.partition(".")[0] in MARGIN_TABLES for key in rules.needs):
            with contextlib.suppress(MissingRule):
                _read_margin(top, rules)


def _read_margin(top: Section, rules: Rulebook) -> None:
    """Refuses, with file, line and key, what the rulebook's margin framework cannot read."""
    table = Section(rules.margin, top.file, ("margin",), top.text)
    try:
        framework_of(rules).read(rules, table)
    except MissingRule as error:
        raise MissingRule(f"{top.file}: {error}") from error
    except InputError as error:
        if error.file is not None:
            raise
        # A record that refuses itself as a whole does not know where it was read from.
        raise table.refuse(None, f"cannot be used: {error}") from error


def _check_rules(
    raw: Mapping[str, Section],
    rulebooks: Mapping[str, Rulebook],
    book: Book,
    crowds: tuple[CrowdSpec, ...],
) -> None:
    """Refuse a venue that is used while its rulebook lacks a number for that use."""
    used = {crowd.venue for crowd in crowds}
    held = [*book.position_account.tolist(), *book.balance_account.tolist()]
    used.update(book.account_venue[account] for account in set(held))
    for venue in sorted(used):
        require_rules(rulebooks[venue], raw[venue].values, file=raw[venue].file)
    pairs = set(zip(book.position_account.tolist(), book.position_instrument.tolist(), strict=True))
    traded = {(book.account_venue[account], instrument) for account, instrument in pairs}
    for crowd in crowds:
        for place, instrument in enumerate(book.instruments):
            if crowd.long_share is not None and instrument.name in crowd.long_share:
                traded.add((crowd.venue, place))
    for venue, place in sorted(traded):
        instrument = book.instruments[place]
        rules, file = rulebooks[venue], raw[venue].file
        if isinstance(instrument, Held) or rules.option_margin is not None:
            continue
        if not framework_of(rules).tabled:  # it reads [margin] and says itself what it lacks
            continue
        if isinstance(instrument, Option):
            raise MissingRule(
                f"{file}: has no [option_margin], which {instrument.name} on {venue} needs; write "
                'it, or start from preset = "deribit".'
            )
        tiered = instrument.underlying in rules.tiers or rules.default_tiers
        if isinstance(instrument, Perpetual | Future) and not tiered:
            raise MissingRule(
                f"{file}: has no tiers.{instrument.underlying} and no default_tiers, which "
                f"{instrument.name} on {venue} needs; write {instrument.underlying} = "
                "[{ lower_bound = 0, max_leverage = ..., maintenance_rate = ... }] under [tiers]."
            )
    for venue in sorted(used):
        _read_margin(raw[venue], rulebooks[venue])
