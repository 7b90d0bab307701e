"""All coverage cases, plain and rare, built once."""

from __future__ import annotations

from functools import cache

from coverage_case import Covered
from coverage_plain import plain_cases
from coverage_rare import rare_cases


@cache
def all_cases() -> tuple[Covered, ...]:
    """In order of the report; the last ones are not judged."""
    return (*plain_cases(), *rare_cases())
