"""The kinds of what fails, and which column of an incident file says which kind: data, no code.

The rules are tried in order, and the first that holds decides. A rule without a kind leaves the
incident out and says why. Source of the columns: the exploits table of DefiLlama. It has no column
that says that a stablecoin lost its peg: the hazard of that kind is the prior of all kinds alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What may fail; each with its sentence."""

    VENUE = "venue"  # an exchange that holds its customers' assets
    BRIDGE = "bridge"  # what locks assets on one chain and issues them on another
    STABLECOIN = "stablecoin"  # a token that promises a price
    CONTRACT = "contract"  # a protocol's code or keys
    ORACLE = "oracle"  # a price that a protocol goes by


KINDS = tuple(Kind)


@dataclass(frozen=True)
class Rule:
    """Incidents whose ``column`` is, or with ``within`` contains, one of ``words``: of ``kind``.

    kind None leaves them out, and ``why`` says why. Words are compared in lower case.
    """

    column: str
    words: tuple[str, ...]
    kind: Kind | None
    within: bool = False
    why: str = ""

    def holds(self, row: Mapping[str, str]) -> bool:
        """True when this rule decides on ``row``."""
        value = (row[self.column] or "").strip().lower()
        if self.within:
            return any(word in value for word in self.words)
        return value in self.words


RULES = (
    Rule("bridgeHack", ("true",), Kind.BRIDGE),
    Rule("targetType", ("cex",), Kind.VENUE),
    Rule(
        "targetType",
        ("wallet", "ico", "other"),
        None,
        why="a wallet, a token sale or no entity that a list could hold",
    ),
    Rule("technique", ("oracle", "price manipulation"), Kind.ORACLE, within=True),
    Rule("targetType", ("defi protocol", "dao", "nftfi", "gaming"), Kind.CONTRACT),
)
# Kinds that a file can show. Of others it says nothing: that none is in it is no evidence.
SHOWN = tuple(kind for kind in KINDS if any(rule.kind is kind for rule in RULES))
UNKNOWN = "a target type that no rule knows"


def kind_of(row: Mapping[str, str]) -> tuple[Kind | None, str]:
    """The kind of one incident, or None and the reason why it is left out."""
    for rule in RULES:
        if rule.holds(row):
            return rule.kind, rule.why
    return None, UNKNOWN
