"""Spot asset: the coin itself. Holdings and debts of it are balances, not positions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Spot:
    """A coin or a token; it is listed so that balances may be checked against known assets."""

    name: str

    @property
    def underlying(self) -> str:
        """The asset itself."""
        return self.name
