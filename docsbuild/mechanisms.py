"""One page per mechanism: its docstring, what may be set, a figure, where it stands in the code.

The list comes from the engine's own tables of slots, so a new rule has a page as soon as it has a
line there; mechanisms that fill no slot are listed below.
"""

from __future__ import annotations

import dataclasses
import html
import inspect
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Union, get_args, get_origin, get_type_hints

from docsbuild.figures import FIGURES
from docsbuild.prose import as_html, first_line
from docsbuild.svg import draw
from seawall.cascade.table import MARKET_SLOTS, VENUE_SLOTS
from seawall.foundation.quantity import Quantity

PACKAGES = {
    "scenario": "Prices",
    "oracle": "Oracles",
    "market": "Settlement",
    "impact": "Impact and depth",
    "margin": "Margin",
    "breaker": "Breakers",
    "liquidation": "Liquidation",
    "waterfall": "Who pays",
    "agents": "Behaviour",
    "failure": "Failures and attacks",
}
# Mechanisms without a slot of their own in a rulebook or in [mechanisms] of market.toml.
WITHOUT_SLOT = (
    "scenario.paths",
    "scenario.self_exciting",
    "scenario.stochastic_volatility",
    "scenario.bootstrap",
    "scenario.filtered_history",
    "scenario.heavy_tail",
    "oracle.feed",
    "impact.linear",
    "impact.square_root",
    "margin.tiered.lines",
    "margin.options.standard",
    "margin.lending.collateral",
    "margin.portfolio.shock_margin",
    "scenario.failure.arrival",
    "scenario.failure.venue",
    "scenario.failure.theft",
    "scenario.failure.mint",
    "scenario.failure.pegs",
    "scenario.failure.manipulation",
    "mechanism.attack.cost",
    "agents.concert",
)
TITLES = {
    "scenario.paths": "Diffusion and common jumps",
    "impact.amm": "Constant product",
    "margin.tiered.lines": "Tiers",
    "margin.options.standard": "Options, standard margin",
    "margin.lending.collateral": "Loans",
    "margin.portfolio.shock_margin": "Shock grid",
    "margin.dynamic.scaling": "Margin that moves",
    "scenario.failure.arrival": "When failures come",
    "scenario.failure.venue": "Venues that fail",
    "scenario.failure.theft": "Thefts",
    "scenario.failure.mint": "Unbacked mint",
    "scenario.failure.pegs": "Pegs and bridges",
    "scenario.failure.manipulation": "Lying oracle",
    "mechanism.attack.cost": "Cost of moving a price",
    "agents.run": "Runs of depositors",
    "waterfall.deleverage": "Hyperliquid's ranking",
    "waterfall.adl_queue": "Queue by profit and leverage",
    "waterfall.socialise": "Shared by equity",
    "breaker.rate_limit": "Liquidation rate limit",
    "liquidation.keeper_race": "Keepers",
    "impact.depth": "Depth that leaves",
    "impact.links": "Linked venues",
    "oracle.feed": "Oracle feed",
    "oracle.twap": "Average (TWAP)",
    "market.chain": "Chain",
}
LISTS = {"scenario.failure.slot"}  # a slot that is a list of the kinds above


@dataclass(frozen=True)
class Page:
    """A mechanism's page: ``module`` below seawall, the ``rules`` (slot, rule, class) it fills."""

    module: str
    group: str
    title: str
    rules: tuple[tuple[str, str, type], ...]

    @property
    def file(self) -> str:
        """The page's file below mechanisms/."""
        return self.module.replace(".", "-") + ".md"


def pages() -> list[Page]:
    """Every page, by group, slots in the order of the tables."""
    rules: dict[str, list[tuple[str, str, type]]] = {name: [] for name in WITHOUT_SLOT}
    for slot, rule, cls in slot_rules():
        rules.setdefault(cls.__module__.removeprefix("seawall."), []).append((slot, rule, cls))
    found = [
        Page(module, _group(module), _title(module), tuple(filled))
        for module, filled in rules.items()
        if module not in LISTS
    ]
    order = list(PACKAGES.values())
    return sorted(found, key=lambda page: order.index(page.group))


def slot_rules() -> Iterator[tuple[str, str, type]]:
    """Every (slot, rule, class) of a rulebook and of the market."""
    for slots in (VENUE_SLOTS, MARKET_SLOTS):
        for slot, named in slots.items():
            for rule, cls in named.items():
                yield slot, rule, cls


def _group(module: str) -> str:
    parts = module.split(".")
    if "failure" in parts or "attack" in module:
        return PACKAGES["failure"]
    return PACKAGES[parts[0]]


def _title(module: str) -> str:
    words = module.split(".")[-1].replace("_", " ")
    return TITLES.get(module, words[:1].upper() + words[1:])


def write(page: Page) -> str:
    """The page's text."""
    module = import_module(f"seawall.{page.module}")
    slots = dict.fromkeys(slot for slot, _, _ in page.rules)
    lines = [f"# {page.title}", "", as_html(inspect.getdoc(module) or ""), ""]
    for figure in FIGURES.get(page.module, ()):
        lines += [draw(figure()), ""]
    for slot in slots:
        names = [rule for s, rule, _ in page.rules if s == slot]
        home = "market.toml" if slot in MARKET_SLOTS else "a rulebook"
        lines += [f"## In a Case: `[mechanisms.{slot}]` of {home}", ""]
        if len(VENUE_SLOTS.get(slot, MARKET_SLOTS.get(slot, {}))) > 1:
            lines += ["`rule = " + "` or `rule = ".join(f'"{name}"' for name in names) + "`", ""]
        for _, rule, cls in (r for r in page.rules if r[0] == slot):
            lines += _parameters(rule if len(names) > 1 else "", cls)
    if not slots:
        for cls in _records(module):
            lines += ["## What may be set", "", *_parameters("", cls)]
            break
    lines += [
        f"Code: `src/seawall/{page.module.replace('.', '/')}.py`. "
        "[All mechanisms](index.md), [slots at a glance](../mechanisms.md), [the "
        "Case](../case.md).",
        "",
    ]
    return "\n".join(lines)


def _records(module: types.ModuleType) -> list[type]:
    """Dataclasses of the module whose fields are read from a file."""
    return [
        cls
        for cls in vars(module).values()
        if dataclasses.is_dataclass(cls)
        and isinstance(cls, type)
        and cls.__module__ == module.__name__
        and any(field.metadata for field in dataclasses.fields(cls))
    ]


def _parameters(rule: str, cls: type) -> list[str]:
    lines = [f"### `{rule}`", ""] if rule else []
    lines += [as_html(inspect.getdoc(cls) or ""), ""]
    fields = dataclasses.fields(cls)
    if not fields:
        return lines
    lines += ["| key | value | left out |", "|---|---|---|"]
    hints = get_type_hints(cls)
    lines += [
        f"| `{f.name}` | {html.escape(_value(f, hints[f.name]))} | {_default(f)} |" for f in fields
    ]
    return [*lines, ""]


def _value(field: dataclasses.Field[Any], hint: Any) -> str:
    data = field.metadata
    if "words" in data:
        return "one of " + ", ".join(data["words"])
    if "whole" in data:
        low, high = data["whole"]
        return f"a whole number from {low:,}" + (f" to {high:,}" if high < 10**15 else "")
    words = data["quantity"].words if isinstance(data.get("quantity"), Quantity) else ""
    inner = [arg for arg in get_args(hint) if arg is not type(None)]
    if get_origin(hint) in (Union, types.UnionType) and len(inner) == 1:
        hint = inner[0]
    if get_origin(hint) is tuple:
        item = get_args(hint)[0]
        return "a list of names" if item is str else f"a list: {words or _named(item)}"
    if get_origin(hint) is not None:
        return f"a table of names: {words or _named(get_args(hint)[1])}"
    if hint is bool:
        return "true or false"
    if dataclasses.is_dataclass(hint):
        return f"a table: {_named(hint)}"
    return words or "a name"


def _named(cls: Any) -> str:
    if dataclasses.is_dataclass(cls):
        return ", ".join(field.name for field in dataclasses.fields(cls))
    return "numbers"


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
        return "must be given"
    value = field.default
    if value is None or value in ((), dataclasses.MISSING):
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else html.escape(str(value))


def index(found: list[Page]) -> str:
    """The gallery: every mechanism in one line."""
    lines = [
        "# Mechanisms, one page each",
        "",
        "Made from the docstrings of the code, with figures drawn by the same code when this site "
        "is built. Which slot a rule fills, and what happens without it: "
        "[slots at a glance](../mechanisms.md).",
        "",
    ]
    for group in dict.fromkeys(page.group for page in found):
        lines += [f"## {group}", "", "| mechanism | in one line |", "|---|---|"]
        for page in (p for p in found if p.group == group):
            said = first_line(sys.modules[f"seawall.{page.module}"].__doc__)
            shown = html.escape(said).replace("|", "&#124;")
            lines.append(f"| [{page.title}]({page.file}) | {shown} |")
        lines.append("")
    return "\n".join(lines)
