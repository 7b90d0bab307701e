"""A frozen dataclass read from one TOML table: the fields say what may stand there.

A rule's parameters are declared once, as a dataclass whose fields carry a `Quantity`; the reading,
the refusal of unknown keys and the sentence for a wrong number follow from that declaration.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterable, Mapping
from dataclasses import MISSING
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from seawall.foundation.quantity import Quantity
from seawall.foundation.section import Section, shown

T = TypeVar("T")
LARGEST_WHOLE = 10**18


def number(quantity: Quantity, default: Any = MISSING) -> Any:
    """A field that holds a number inside ``quantity``; ``default`` None makes it optional."""
    return _field({"quantity": quantity}, default)


def whole(low: int, high: int = LARGEST_WHOLE, default: Any = MISSING) -> Any:
    """A field that holds a whole number from ``low`` to ``high``."""
    return _field({"whole": (low, high)}, default)


def word(choices: Iterable[str], default: Any = MISSING) -> Any:
    """A field that holds one of a few words."""
    return _field({"words": tuple(choices)}, default)


def _field(metadata: dict[str, Any], default: Any) -> Any:
    if default is MISSING:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(metadata=metadata, default=default)


def read_record(section: Section, cls: type[T]) -> T:
    """The dataclass ``cls`` from ``section``.

    Field types understood: float, int, bool, str (each with its metadata above), an optional one of
    them, another such dataclass (a table), ``tuple[Dataclass, ...]`` (a list of tables),
    ``tuple[float, ...]`` (a list of numbers), ``Mapping[str, Dataclass | float]`` (a table of
    named tables or numbers). A field with a default may be left out.

    Raises InputError naming file, line and key: unknown or missing key, wrong kind, out of bounds.
    Errors raised by the dataclass itself (``__post_init__``) are its own.
    """
    hints = _hints(cls)  # type: ignore[arg-type]
    fields = dataclasses.fields(cls)  # type: ignore[arg-type]
    section.only(*(field.name for field in fields))
    values = {
        field.name: _value(section, field, hints[field.name])
        for field in fields
        if section.has(field.name) or _required(field)
    }
    return cls(**values)


@cache
def _hints(cls: Any) -> dict[str, Any]:
    """Types of a dataclass's fields, looked up once: a list of 33 scenarios asks 33 times."""
    return get_type_hints(cls)


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _value(section: Section, field: dataclasses.Field[Any], hint: Any) -> Any:
    key, hint = field.name, _without_none(hint)
    origin = get_origin(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not section.has(key):
            raise section.refuse(key, "is missing", f"a table of {_names(hint)}")
        return read_record(section.section(key), hint)
    if origin is tuple:
        return _list(section, field, get_args(hint)[0])
    if origin is not None and issubclass(origin, Mapping):
        inner, below = get_args(hint)[1], section.section(key)
        if dataclasses.is_dataclass(inner) and isinstance(inner, type):
            return {name: read_record(below.section(name), inner) for name in below.values}
        return below.numbers(field.metadata["quantity"])
    return _scalar(section, field, hint)


def _scalar(section: Section, field: dataclasses.Field[Any], hint: Any) -> Any:
    key = field.name
    if hint is bool:
        value = section.values.get(key)
        if not isinstance(value, bool):
            raise section.refuse(key, f"is {shown(value)}", "true or false")
        return value
    if hint is int:
        return section.whole(key, *field.metadata["whole"])
    if hint is str:
        words = field.metadata.get("words")
        return section.word(key, words) if words else section.name(key)
    return section.number(key, field.metadata["quantity"])


def _list(section: Section, field: dataclasses.Field[Any], inner: Any) -> tuple[Any, ...]:
    key = field.name
    if not section.has(key):
        raise section.refuse(key, "is missing", "a list")
    if dataclasses.is_dataclass(inner) and isinstance(inner, type):
        return tuple(read_record(entry, inner) for entry in section.sections(key))
    if inner is str:
        return section.names(key)
    value = section.values[key]
    if not isinstance(value, list):
        raise section.refuse(key, f"is {shown(value)}", "a list of numbers")
    return tuple(section.as_number(key, item, field.metadata["quantity"]) for item in value)


def _without_none(hint: Any) -> Any:
    """The type inside ``X | None``; other types as they are."""
    if get_origin(hint) in (Union, types.UnionType):
        inner = [arg for arg in get_args(hint) if arg is not type(None)]
        return inner[0] if len(inner) == 1 else hint
    return hint


def _names(cls: type) -> str:
    return ", ".join(field.name for field in dataclasses.fields(cls))
