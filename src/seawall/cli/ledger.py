"""The two ways of `seawall check --ledger`: floats alone, or whole units beside them."""

from __future__ import annotations

from enum import StrEnum


class Ledger(StrEnum):
    """How transfers are settled: ``exact`` settles the base paths in whole units as well."""

    FLOAT = "float"
    EXACT = "exact"
