"""A market's numbers on top of those that all markets share; a refusal names where a key stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from seawall.foundation.errors import InputError
from seawall.foundation.section import Section


@dataclass(frozen=True)
class Overlaid(Section):
    """A table of which some keys stand here and the others in a shared table.

    own     what stands here, at ``path``     shared  path of the table that gives the rest
    """

    own: Mapping[str, object] = field(default_factory=dict)
    shared: tuple[str, ...] = ()

    def refuse(self, key: str | None, problem: str, expected: str | None = None) -> InputError:
        """As `Section.refuse`, at the place where ``key`` was written."""
        if key is None or key in self.own or key not in self.values:
            return super().refuse(key, problem, expected)
        return self._elsewhere().refuse(key, problem, expected)

    def section(self, key: str) -> Section:
        """The table at ``key``, each of its keys with its own place."""
        found, own = super().section(key), self.own.get(key)
        mine = own if isinstance(own, Mapping) else {}
        return Overlaid(found.values, found.file, found.path, found.text, mine, (*self.shared, key))

    def sections(self, key: str) -> tuple[Section, ...]:
        """The tables in the array at ``key``, which stands whole in one of the two places."""
        return super().sections(key) if key in self.own else self._elsewhere().sections(key)

    def _elsewhere(self) -> Section:
        return Section(self.values, self.file, self.shared, self.text)


@dataclass(frozen=True)
class Tables(Section):
    """A table of which the tables under it are given as they are: ``below`` {key: its table}."""

    below: Mapping[str, Section] = field(default_factory=dict)

    def section(self, key: str) -> Section:
        """The given table at ``key``, or the one in the values."""
        return self.below[key] if key in self.below else super().section(key)


def overlay(own: Section, shared: Section) -> Overlaid:
    """``own`` on top of ``shared``: tables key by key, everything else replaced whole."""
    values = _merged(shared.values, own.values)
    return Overlaid(values, own.file, own.path, own.text, own.values, shared.path)


def _merged(base: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        merged[key] = _merged(below, value) if both else value  # type: ignore[arg-type]
    return merged
