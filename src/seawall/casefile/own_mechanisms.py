"""Files of a Case that hold code: read with it, hashed with it, run only where they are trusted.

A Case from a stranger is data. So its own mechanisms are named in its tables and counted in its
digest, but become runnable (`OwnFile`) only where the caller, the option --trust-mechanisms or the
variable SEAWALL_TRUST_MECHANISMS says so.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import replace

from seawall.cascade.own.code import OWN_SLOTS, OwnFile
from seawall.foundation.errors import InputError
from seawall.foundation.section import Section
from seawall.venues import Rulebook

VARIABLE = "SEAWALL_TRUST_MECHANISMS"
LARGEST_CODE = 2**20


def trusted_by_environment() -> bool:
    """Whether the variable SEAWALL_TRUST_MECHANISMS is 1."""
    return os.environ.get(VARIABLE) == "1"


def named_files(rulebook: bytes) -> list[str]:
    """Names of the files that a rulebook's slots name; none where it is no TOML, said elsewhere."""
    try:
        slots = tomllib.loads(rulebook.decode("utf-8-sig")).get("mechanisms")
    except (ValueError, RecursionError):
        return []
    tables = slots if isinstance(slots, dict) else {}
    names = [t.get("file") for s, t in tables.items() if s in OWN_SLOTS and isinstance(t, dict)]
    return [name for name in names if isinstance(name, str) and _inside(name)]


def _inside(name: str) -> bool:
    """True for a file of Python inside the Case's folder."""
    parts = name.split("/")
    safe = all(part not in ("", ".", "..") and part.isprintable() for part in parts)
    return safe and name.endswith(".py") and "\\" not in name and ":" not in name


def with_own_files(
    rulebook: Rulebook, section: Section, contents: Mapping[str, bytes], *, trusted: bool
) -> Rulebook:
    """The rulebook with the code of the files that ``section``, as written, names, where trusted.

    Raises InputError for a name that is no file of the Case's folder.
    """
    written = section.section("mechanisms")
    slots = dict(rulebook.mechanisms)
    for slot in written.values:
        table = written.section(slot) if slot in OWN_SLOTS else None
        if table is None or not table.has("file"):
            continue
        name = table.name("file")
        if not _inside(name):
            raise table.refuse("file", f"is {name!r}", "a file of this case's folder: my_rule.py")
        if name not in contents:
            raise table.refuse("file", f"is {name!r}, which is not there", "it in the case folder")
        # As written, without what a preset says of the same slot.
        slots[slot] = dict(table.values)
        if trusted:
            slots[slot] = {**table.values, "file": OwnFile(name, _text(contents[name], name))}
    return replace(rulebook, mechanisms=slots)


def _text(data: bytes, name: str) -> str:
    if len(data) > LARGEST_CODE:
        raise InputError(f"is {len(data):,} bytes of code", file=name, expected="a small file")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError("holds bytes that are not UTF-8 text", file=name) from None


def as_written(mechanisms: Mapping[str, object]) -> dict[str, object]:
    """Tables of slots as a file holds them: code by its name."""
    out: dict[str, object] = {}
    for slot, table in mechanisms.items():
        if isinstance(table, Mapping):
            table = {k: x.name if isinstance(x, OwnFile) else x for k, x in table.items()}
        out[slot] = table
    return out


def code_of(rulebooks: Mapping[str, Rulebook]) -> dict[str, str]:
    """Texts of all own mechanisms of a Case, by name of the file.

    Raises InputError where two venues have different code of one name, which one file cannot hold.
    """
    out: dict[str, str] = {}
    for rules in rulebooks.values():
        for table in rules.mechanisms.values():
            for value in table.values() if isinstance(table, Mapping) else ():
                if isinstance(value, OwnFile) and out.setdefault(value.name, value.text) != (
                    value.text
                ):
                    raise InputError(
                        "is the name of two different mechanisms",
                        file=value.name,
                        expected="a name for each",
                    )
    return out
