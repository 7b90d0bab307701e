"""Outputs of examples are renewed in place, with the same lines left out as before."""

from __future__ import annotations

from docsbuild.renew import renewed

PRINTED = ["DRE 3.00%", "", "-- A --", "a 1", "a 2", "", "-- B --", "b 9", "took 4 s"]


def test_all_lines_are_renewed_where_none_is_left_out() -> None:
    assert renewed(("DRE 2.25%", "old"), PRINTED) == PRINTED


def test_parts_are_found_again_by_likeness() -> None:
    expected = ("DRE 2.25%", "...", "-- B --", "b 7", "took … s")
    assert renewed(expected, PRINTED) == ["DRE 3.00%", "...", "-- B --", "b 9", "took … s"]


def test_the_end_may_be_left_out() -> None:
    assert renewed(("DRE 1%", "..."), PRINTED) == ["DRE 3.00%", "..."]
