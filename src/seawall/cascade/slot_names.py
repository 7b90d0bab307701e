"""Names that slots of a rulebook write as keys: one that the Case does not know would go unread."""

from __future__ import annotations

from collections.abc import Mapping

from seawall.breaker.open_interest_cap import OpenInterestCap
from seawall.cascade.table import chosen
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import choices
from seawall.venues import Rulebook


def check_names(case: Case, rulebook: Rulebook, mechanisms: Mapping[str, object]) -> None:
    """Raise InputError for an open-interest cap of an instrument that the Case does not list."""
    rule = chosen(mechanisms, "open_interest_cap", OpenInterestCap)
    known = [instrument.name for instrument in case.book.instruments]
    for name in (rule.caps or {}) if rule is not None else {}:
        if name not in known:
            raise InputError(
                f"[mechanisms.open_interest_cap.caps] names {name!r}",
                file=f"rulebook {rulebook.name}",
                expected=choices(name, known),
            )
