"""Floor 7: the question as one value."""

from seawall.case.case import Case, Limit

__all__ = ["Case", "Limit"]
