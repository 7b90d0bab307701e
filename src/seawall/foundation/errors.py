"""What Seawall says when it cannot answer: one sentence, with the place and the cure."""

from __future__ import annotations


class SeawallError(Exception):
    """Any condition under which no answer is given; its text is a sentence for the user."""


class InputError(SeawallError):
    """Input that cannot be used: what was given, where (file, row, column), what would be right."""

    def __init__(
        self,
        problem: str,
        *,
        file: str | None = None,
        row: int | None = None,
        column: str | None = None,
        expected: str | None = None,
    ) -> None:
        place = [
            text
            for text in (
                file,
                f"row {row}" if row is not None else None,
                f"column {column!r}" if column is not None else None,
            )
            if text
        ]
        sentence = f"{', '.join(place)}: {problem}" if place else problem
        if expected:
            sentence = f"{sentence}; expected {expected}"
        super().__init__(sentence if sentence.endswith(".") else sentence + ".")
        self.file = file
        self.row = row
        self.column = column


class StaleError(InputError):
    """Input older than the Case allows: there is no verdict on stale data."""


class MissingRule(SeawallError):
    """A rulebook lacks a number that this Case needs; the sentence names the key to supply."""
