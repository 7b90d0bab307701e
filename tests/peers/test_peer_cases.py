"""Other venues' own numbers, read from SEAWALL_PEER_CASES: every kind, at the stated tolerance."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import handlers_auction
import handlers_derive
import handlers_drift
import handlers_dydx
import handlers_exchanges
import handlers_onchain
import handlers_pricing
import pytest
from peer_runner import (
    FOLDER,
    KINDS,
    Handler,
    Kind,
    PeerCase,
    compare,
    kind_of,
    peer_cases,
    told,
)

MODULES = (
    handlers_auction,
    handlers_derive,
    handlers_drift,
    handlers_dydx,
    handlers_exchanges,
    handlers_onchain,
    handlers_pricing,
)
HANDLERS: dict[Kind, Handler] = {k: h for module in MODULES for k, h in module.HANDLERS.items()}
BY_HAND: list[PeerCase] = [case for module in MODULES for case in module.BY_HAND]
CASES, FAULTS = peer_cases(FOLDER)


def _verified(case: PeerCase) -> bool:
    """Cases are verified unless they say that they are not."""
    return bool(case.get("verified", True))


FORBIDDEN_CALLS = {"min", "max", "sum", "abs", "round", "pow", "divmod", "floor", "ceil", "exp"}
FORBIDDEN_CALLS |= {"log", "sqrt", "maximum", "minimum", "where", "dot", "clip", "prod", "cumsum"}
ALLOWED_OPERATORS = (ast.BitOr,)  # X | None in annotations


def test_every_kind_has_a_handler_and_a_case_by_hand() -> None:
    assert set(HANDLERS) == KINDS
    assert {kind_of(case) for case in BY_HAND} == KINDS
    assert sum(len(module.HANDLERS) for module in MODULES) == len(HANDLERS), "a kind has two"


def test_every_file_and_every_case_can_be_read() -> None:
    assert not FAULTS, "\n".join(FAULTS)


def test_no_case_is_of_an_unknown_kind(capsys: pytest.CaptureFixture[str]) -> None:
    counts = Counter(kind_of(case) for case in CASES)
    assert set(counts) <= set(HANDLERS), f"unknown kinds: {set(counts) - set(HANDLERS)}"
    verified = sum(_verified(case) for case in CASES)
    with capsys.disabled():
        print(f"\npeer cases: {len(CASES)} compared, {verified} of them verified", end="")


@pytest.mark.skipif(not CASES, reason="SEAWALL_PEER_CASES holds no cases: 0 compared")
@pytest.mark.parametrize(
    "kind", sorted(KINDS, key=str), ids=lambda kind: "-".join(filter(None, kind))
)
def test_our_numbers_are_the_venues(kind: Kind, capsys: pytest.CaptureFixture[str]) -> None:
    """Cases that are not marked verified are compared and told, and decide nothing."""
    cases = [case for case in CASES if kind_of(case) == kind]
    wrong = [line for case in cases if _verified(case) for line in told(HANDLERS, case)]
    doubted = [line for case in cases if not _verified(case) for line in told(HANDLERS, case)]
    with capsys.disabled():
        print("".join(f"\nnot verified: {line}" for line in doubted), end="")
    assert not wrong, "\n".join(wrong)
    if not cases:
        pytest.skip(f"no case of {kind} in the folder")


@pytest.mark.parametrize("case", BY_HAND, ids=lambda case: f"{case['venue']}-{case['kind']}")
def test_the_runner_by_hand(case: PeerCase) -> None:
    """Each handler on numbers worked by hand; and a wrong expectation does not pass."""
    assert compare(HANDLERS, case) == []
    for name, value in case["expected"].items():
        if isinstance(value, bool):
            off: object = not value
        elif isinstance(value, list):
            off = [x + 1 for x in value]
        elif isinstance(value, int | float):
            off = value + 1
        else:
            continue
        assert compare(HANDLERS, {**case, "expected": {name: off}}), f"a wrong {name} passes"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_handlers_only_convert(module: object) -> None:
    """No arithmetic, no ordering, no mathematical function: the rule must be in Seawall."""
    source = Path(str(module.__file__)).read_text("utf-8")  # type: ignore[attr-defined]
    tree = ast.parse(source)
    by_hand = [
        node
        for node in tree.body
        if isinstance(node, ast.AnnAssign | ast.Assign) and "BY_HAND" in ast.unparse(node)[:20]
    ]
    skipped = {id(below) for node in by_hand for below in ast.walk(node)}
    found: list[str] = []
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.BinOp | ast.AugAssign) and not isinstance(
            node.op, ALLOWED_OPERATORS
        ):
            found.append(f"line {node.lineno}: {ast.unparse(node)}")
        if isinstance(node, ast.Compare) and any(
            isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for op in node.ops
        ):
            found.append(f"line {node.lineno}: {ast.unparse(node)}")
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            if not isinstance(node.operand, ast.Constant):
                found.append(f"line {node.lineno}: {ast.unparse(node)}")
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            called = node.func.id if isinstance(node.func, ast.Name) else called
            if called in FORBIDDEN_CALLS:
                found.append(f"line {node.lineno}: {ast.unparse(node)}")
    assert not found, "a handler computes:\n" + "\n".join(found)
