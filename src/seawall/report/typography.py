"""Signs as print has them: a true minus, a dash for what is not known."""

from __future__ import annotations

import re

from seawall.report import numbers


def true_minus(text: object) -> str:
    """A minus sign for the hyphen before a digit, an en dash for "not known"."""
    plain = str(text)
    return "–" if plain == numbers.UNKNOWN else re.sub(r"(?<![\w-])-(?=\d)", "−", plain)
