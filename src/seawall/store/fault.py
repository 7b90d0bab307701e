"""What a verification found: the file, the line where it is known, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing that is not as it was written; ``line`` from 1."""

    file: str
    what: str
    line: int | None = None

    @property
    def sentence(self) -> str:
        """File, line and what is wrong, in one sentence."""
        place = self.file if self.line is None else f"{self.file}, line {self.line:,}"
        return f"{place}: {self.what}."
