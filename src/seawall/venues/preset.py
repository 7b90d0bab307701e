"""Presets of venue rules, and the reading of a rulebook file that starts from one.

A preset is a TOML file with numbers, their source and their date. A rulebook file names a preset
and overrides what differs: tables are merged key by key, lists are replaced whole. What a preset
could not source stands in its ``[needs]``; a rulebook that does not supply it keeps the key in
``Rulebook.needs``, and `require_rules` refuses the Case that uses the venue.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources

from seawall.foundation.errors import InputError, MissingRule
from seawall.foundation.pricekind import PriceKind
from seawall.foundation.quantity import (
    AMOUNT,
    FRACTION,
    POSITIVE_FRACTION,
    SECONDS,
    Quantity,
    choices,
)
from seawall.foundation.section import Section, shown
from seawall.venues.rulebook import (
    MARGINAL,
    WHOLE,
    Collateral,
    Feed,
    Liquidation,
    OptionMargin,
    PerpMargin,
    Rulebook,
    Waterfall,
)
from seawall.venues.tier_table import read_tables, read_tiers

SCHEMA = "seawall/rulebook/1"
UNTIL_HEALTHY = "until_healthy"
LAYERS = ("backstop", "fund", "adl", "socialised")
BONUS = Quantity("a fraction from 0 to 0.5 (10500 basis points is 0.05)", 0.0, 0.5)
RATIO = Quantity("a ratio from 0 to 1 of the maintenance margin", 0.0, 1.0)
HEALTH = Quantity("a health factor from 0 to 1", 0.0, 1.0)
SLOPE = Quantity("a fraction per coin from 0 to 1", 0.0, 1.0)

TOP_KEYS = (
    "schema",
    "preset",
    "name",
    "source",
    "as_of",
    "margin_price",
    "maintenance_of_initial",
    "taker_fee",
    "closing_fee",
    "tier_form",
    "default_tiers",
    "tiers",
    "coin_tiers",
    "collateral",
    "option_margin",
    "framework",
    "margin",
    "feed",
    "feeds",
    "liquidation",
    "waterfall",
    "mechanisms",
    "needs",
)
LIQUIDATION_KEYS = (
    "style",
    "partial_fraction",
    "partial_above",
    "partial_steps",
    "cooldown_seconds",
    "close_factor",
    "full_below",
    "backstop_ratio",
    "fee",
    "fee_to",
    "gas",
)


def list_presets() -> tuple[str, ...]:
    """Names of the presets that come with Seawall, sorted."""
    folder = resources.files("seawall.venues") / "presets"
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml")))


def load_preset(name: str) -> dict[str, object]:
    """A preset as it is written: numbers, ``source``, ``as_of`` and ``needs``.

    Raises InputError naming the nearest preset when there is none of this name.
    """
    return tomllib.loads(preset_bytes(name).decode("utf-8"))


def preset_bytes(name: str) -> bytes:
    """The file of a preset, as it is installed; raises as `load_preset`."""
    if name not in list_presets():
        raise InputError(f"there is no preset {name!r}", expected=choices(name, list_presets()))
    return (resources.files("seawall.venues") / "presets" / f"{name}.toml").read_bytes()


def rulebook_from(raw: Mapping[str, object], *, file: str, text: str = "") -> Rulebook:
    """A Rulebook from the contents of a rulebook file, on top of its preset if it names one.

    raw   the TOML as a dict     file  its name in refusals; its stem is the rulebook's name
    text  the file's text, for line numbers in refusals (optional)

    Raises InputError for an unknown key, a wrong unit, a tier whose rate falls with size. Numbers
    that nobody supplied stay in ``Rulebook.needs``.
    """
    given = Section(dict(raw), file, (), text)
    given.only(*TOP_KEYS)
    stem = file.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".toml")
    merged: dict[str, object] = dict(raw)
    source = given.note("source") if "preset" not in raw else ""
    if "preset" in raw:
        preset_name = given.word("preset", list_presets())
        preset = load_preset(preset_name)
        merged = _merge(preset, raw)
        merged["name"] = raw.get("name", stem)
        source = f"preset {preset_name}: {preset['source']}"
        if "source" in raw:
            source = f"{given.note('source')}; otherwise {source}"
    rules = Section(merged, file, (), text)
    if rules.has("schema"):
        rules.word("schema", (SCHEMA,))
    needs = tuple(key for key in _needed(rules) if not _supplied(merged, key))
    option_margin = rules.section("option_margin")
    feed = rules.section("feed")
    rates = (
        rules.optional_number("maintenance_of_initial", POSITIVE_FRACTION),
        rules.number("closing_fee", FRACTION, 0.0),
    )
    return Rulebook(
        name=rules.name("name", stem),
        source=source,
        as_of=rules.day("as_of"),
        margin_price=PriceKind(rules.word("margin_price", ("spot", "index", "oracle", "mark"))),
        liquidation=_liquidation(rules.section("liquidation")),
        waterfall=_waterfall(rules.section("waterfall"), required="waterfall.layers" not in needs),
        tiers=read_tables(rules.section("tiers"), *rates),
        default_tiers=read_tiers(rules, "default_tiers", *rates)
        if rules.has("default_tiers")
        else (),
        coin_tiers=read_tables(rules.section("coin_tiers"), *rates),
        collateral=_collateral(rules.section("collateral")),
        option_margin=_option_margin(option_margin) if rules.has("option_margin") else None,
        feed=_feed(feed),
        feeds=_feeds(rules.section("feeds"), feed),
        taker_fee=rules.number("taker_fee", FRACTION, 0.0),
        needs=needs,
        framework=rules.name("framework", _usual_framework(rules)),
        margin=rules.section("margin").values,
        tier_form=rules.word("tier_form", (MARGINAL, WHOLE), MARGINAL),
        mechanisms=rules.section("mechanisms").values,
        preset=given.name("preset") if given.has("preset") else None,
    )


def require_rules(rulebook: Rulebook, raw: Mapping[str, object], *, file: str) -> None:
    """Raise MissingRule, naming key, file and what to write, when the rulebook lacks a number."""
    if not rulebook.needs:
        return
    key = rulebook.needs[0]
    preset = raw.get("preset")
    notes = load_preset(preset).get("needs") if isinstance(preset, str) else raw.get("needs")
    note = notes.get(key) if isinstance(notes, dict) else None
    table, _, last = key.rpartition(".")
    where = f"under [{table}]" if table else "at the top of the file"
    origin = f"the preset {preset!r} has" if preset else "the rulebook has"
    also = ", ".join(rulebook.needs[1:])
    raise MissingRule(
        f"{file}: {origin} no sourced number for {key}, which a case with this venue needs; write "
        f"{last!r} {where}: {note or 'your own number'}"
        + (f" (also missing: {also})." if also else ".")
    )


def _usual_framework(rules: Section) -> str:
    """The margin rule of a rulebook that names none: by what it gives numbers for."""
    if rules.has("option_margin"):
        return "standard"
    return (
        "collateral" if rules.section("liquidation").values.get("style") == "keeper" else "tiered"
    )


def _merge(base: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    """``over`` on top of ``base``: tables merged key by key, everything else replaced."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(value, dict) and isinstance(below, dict)
        merged[key] = _merge(below, value) if both else value  # type: ignore[arg-type]
    return merged


def _needed(rules: Section) -> tuple[str, ...]:
    """Keys under ``needs``: a table {key: what it is} or a plain list of keys."""
    if isinstance(rules.values.get("needs"), list):
        return rules.names("needs")
    return tuple(rules.section("needs").values)


def _supplied(merged: Mapping[str, object], key: str) -> bool:
    value: object = merged
    for part in key.split("."):
        if not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
    return True


def _collateral(section: Section) -> dict[str, Collateral]:
    table: dict[str, Collateral] = {}
    for asset in section.values:
        entry = section.section(asset)
        entry.only("loan_to_value", "liquidation_threshold", "liquidation_bonus")
        threshold = entry.number("liquidation_threshold", FRACTION)
        ltv = entry.number("loan_to_value", FRACTION)
        if ltv > threshold:
            raise entry.refuse(
                "loan_to_value", f"is {ltv:g}", f"at most the liquidation threshold {threshold:g}"
            )
        table[asset] = Collateral(ltv, threshold, entry.number("liquidation_bonus", BONUS, 0.0))
    return table


def _option_margin(section: Section) -> OptionMargin:
    section.only(
        "initial_base",
        "initial_floor",
        "maintenance_base",
        "perp_initial",
        "perp_maintenance",
        "perp_slope",
        "perps",
    )
    perps = section.section("perps")
    margin = OptionMargin(
        initial_base=section.number("initial_base", FRACTION),
        initial_floor=section.number("initial_floor", FRACTION),
        maintenance_base=section.number("maintenance_base", FRACTION),
        perp_initial=section.number("perp_initial", FRACTION),
        perp_maintenance=section.number("perp_maintenance", FRACTION),
        perp_slope=section.number("perp_slope", SLOPE),
        perps={name: _perp_margin(perps.section(name)) for name in perps.values},
    )
    if margin.perp_maintenance > margin.perp_initial:
        raise section.refuse(
            "perp_maintenance",
            f"is {margin.perp_maintenance:g}",
            f"at most perp_initial {margin.perp_initial:g}",
        )
    return margin


def _perp_margin(section: Section) -> PerpMargin:
    section.only("initial", "maintenance", "slope")
    margin = PerpMargin(
        section.number("initial", FRACTION),
        section.number("maintenance", FRACTION),
        section.number("slope", SLOPE),
    )
    if margin.maintenance > margin.initial:
        raise section.refuse(
            "maintenance", f"is {margin.maintenance:g}", f"at most initial {margin.initial:g}"
        )
    return margin


def _feed(section: Section, default: Section | None = None) -> Feed:
    """A feed; what an asset's own feed leaves out is taken from the venue's ``default``."""
    section.only("deviation", "heartbeat_seconds", "delay_seconds")
    above = default.values if default is not None else {}
    merged = Section({**above, **section.values}, section.file, section.path, section.text)
    return Feed(
        deviation=merged.number("deviation", FRACTION, 0.0),
        heartbeat_seconds=merged.number("heartbeat_seconds", SECONDS, 0.0),
        delay_seconds=merged.number("delay_seconds", SECONDS, 0.0),
    )


def _feeds(section: Section, default: Section) -> dict[str, Feed]:
    return {asset: _feed(section.section(asset), default) for asset in section.values}


def _liquidation(section: Section) -> Liquidation:
    section.only(*LIQUIDATION_KEYS)
    return Liquidation(
        style=section.word("style", ("orderbook", "keeper")),
        partial_fraction=section.number("partial_fraction", POSITIVE_FRACTION, 1.0),
        partial_above=section.number("partial_above", AMOUNT, 0.0),
        cooldown_seconds=section.number("cooldown_seconds", SECONDS, 0.0),
        close_factor=section.number("close_factor", POSITIVE_FRACTION, 1.0),
        full_below=section.number("full_below", HEALTH, 0.0),
        backstop_ratio=section.optional_number("backstop_ratio", RATIO),
        fee=section.number("fee", FRACTION, 0.0),
        fee_to=section.word("fee_to", ("fund", "keeper"), "fund"),
        gas=section.number("gas", AMOUNT, 0.0),
        partial_steps=_partial_steps(section),
    )


def _partial_steps(section: Section) -> int | None:
    """Partial closes before everything is closed; None for the word ``until_healthy``."""
    value = section.values.get("partial_steps", 1)
    if value == UNTIL_HEALTHY:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1000:
        raise section.refuse(
            "partial_steps",
            f"is {shown(value)}",
            f"a whole number from 1 to 1000, or {UNTIL_HEALTHY!r}",
        )
    return value


def _waterfall(section: Section, *, required: bool) -> Waterfall:
    section.only("layers", "fund", "backstop")
    layers = section.names("layers")
    for layer in layers:
        if layer not in LAYERS:
            raise section.refuse("layers", f"holds {layer!r}", choices(layer, LAYERS))
    if len(set(layers)) != len(layers):
        raise section.refuse("layers", "names a layer twice", "each layer once, first payer first")
    if required and not layers:
        raise section.refuse("layers", "is missing", f"one or more of {', '.join(LAYERS)}")
    waterfall = Waterfall(
        layers, section.number("fund", AMOUNT, 0.0), section.number("backstop", AMOUNT, 0.0)
    )
    for layer, capital in (("fund", waterfall.fund), ("backstop", waterfall.backstop)):
        if capital > 0.0 and layer not in layers:
            raise section.refuse(layer, "has capital but is not in layers", f"{layer!r} in layers")
    return waterfall
