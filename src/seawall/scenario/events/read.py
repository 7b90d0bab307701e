"""Reading events, those that come with Seawall or a file: every refusal names its line."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import TypeVar

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import POSITIVE_SECONDS, choices
from seawall.foundation.record import read_record
from seawall.foundation.section import Section, parse_toml
from seawall.scenario.events.event import (
    FROZEN,
    SCORED,
    Asset,
    Contract,
    Crowd,
    Event,
    Knots,
    Lent,
    Loans,
    Makers,
    Outcome,
    Source,
    Traders,
    VenueType,
)

T = TypeVar("T")
SCHEMA, TYPE_SCHEMA = "seawall/event/1", "seawall/venue-type/1"
KEYS = tuple(
    "schema title what start venue_type role quote step_seconds duration_seconds sources "
    "assumptions assets knots contracts lent loans traders venues mechanisms failures "
    "outcomes".split()
)


def list_events() -> tuple[str, ...]:
    """Names of the events that come with Seawall, by date."""
    return _names("")


def list_types() -> tuple[str, ...]:
    """Names of the venue types."""
    return _names("types")


def _names(folder: str) -> tuple[str, ...]:
    place = resources.files("seawall.scenario.events")
    place = place / folder if folder else place
    return tuple(sorted(f.name[:-5] for f in place.iterdir() if f.name.endswith(".toml")))


def load_event(name: str) -> Event:
    """The event of this name. Raises InputError naming the nearest one when there is none."""
    if name not in list_events():
        raise InputError(f"there is no event {name!r}", expected=choices(name, list_events()))
    file = f"{name}.toml"
    return read_event((resources.files("seawall.scenario.events") / file).read_bytes(), file)


def load_type(name: str) -> VenueType:
    """The venue type of this name. Raises InputError when there is none."""
    if name not in list_types():
        raise InputError(f"there is no venue type {name!r}", expected=choices(name, list_types()))
    file = f"{name}.toml"
    place = resources.files("seawall.scenario.events") / "types" / file
    top = parse_toml(place.read_bytes(), file)
    top.only("schema", "title", "crowd", "makers", "rulebook")
    top.word("schema", (TYPE_SCHEMA,))
    return VenueType(
        name=name,
        title=top.note("title"),
        crowd=read_record(top.section("crowd"), Crowd),
        makers=read_record(top.section("makers"), Makers),
        rulebook=top.section("rulebook").values,
    )


def read_event(data: bytes, file: str) -> Event:
    """An event from the bytes of its file.

    Raises InputError naming file, line and key: unknown keys, wrong units, knots of an asset that
    is not listed or after the event's end, and an asset without knots.
    """
    top = parse_toml(data, file)
    top.only(*KEYS)
    top.word("schema", (SCHEMA,))
    event = Event(
        name=file.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".toml"),
        title=top.note("title"),
        what=top.note("what"),
        start=top.time("start"),
        venue_type=load_type(top.word("venue_type", list_types())),
        role=top.word("role", (FROZEN, SCORED)),
        quote=top.name("quote"),
        step_seconds=top.number("step_seconds", POSITIVE_SECONDS),
        duration_seconds=top.number("duration_seconds", POSITIVE_SECONDS),
        sources=_list(top, "sources", Source),
        assumptions=_notes(top, "assumptions"),
        assets=_table(top, "assets", Asset),
        knots=_table(top, "knots", Knots),
        contracts=_table(top, "contracts", Contract),
        lent=_table(top, "lent", Lent),
        loans=_list(top, "loans", Loans),
        traders=_list(top, "traders", Traders),
        venues=_raw(top, "venues"),
        outcomes=_list(top, "outcomes", Outcome),
        mechanisms=top.section("mechanisms").values,
        failures=top.section("failures").values,
    )
    _check(top, event)
    return event


def _table(top: Section, key: str, cls: type[T]) -> dict[str, T]:
    below = top.section(key)
    return {name: _one(below.section(name), cls) for name in below.values}


def _list(top: Section, key: str, cls: type[T]) -> tuple[T, ...]:
    return tuple(_one(entry, cls) for entry in top.sections(key))


def _one(section: Section, cls: type[T]) -> T:
    try:
        return read_record(section, cls)
    except InputError as error:
        if error.file is not None:
            raise
        # The record knows its sentence, not its place.
        raise section.refuse(None, f"cannot be used: {error}") from None


def _raw(top: Section, key: str) -> dict[str, Mapping[str, object]]:
    below = top.section(key)
    return {name: below.section(name).values for name in below.values}


def _notes(top: Section, key: str) -> tuple[str, ...]:
    value = top.values.get(key, [])
    if not isinstance(value, list) or not all(isinstance(n, str) and n.strip() for n in value):
        raise top.refuse(key, "is not a list of sentences", "a list of texts in quotes")
    return tuple(value)


def _check(top: Section, event: Event) -> None:
    """What single tables cannot know."""
    for name, knots in event.knots.items():
        if name not in event.assets:
            raise top.refuse("knots", f"names {name!r}", choices(name, event.assets))
        whole = [abs(s / event.step_seconds - round(s / event.step_seconds)) for s in knots.seconds]
        if max(whole) > 1e-9 or knots.seconds[-1] > event.duration_seconds:
            raise top.refuse(
                "knots",
                f"of {name} has a time that is no step of {event.step_seconds:g} s up to "
                f"{event.duration_seconds:g} s",
                "whole steps within the event",
            )
    for name in event.assets:
        if name not in event.knots:
            raise top.refuse("assets", f"has {name}, which has no knots", f"[knots.{name}]")
    places = [loans.venue for loans in event.loans] + [t.venue for t in event.traders]
    places += [c.venue for c in event.contracts.values()] + list(event.lent)
    for name in places:
        if name not in event.venues:
            raise top.refuse("venues", f"does not have {name!r}", choices(name, event.venues))
    for name, contract in event.contracts.items():
        if contract.underlying not in event.assets:
            raise top.refuse(
                "contracts",
                f"has {name} on {contract.underlying!r}",
                choices(contract.underlying, event.assets),
            )
