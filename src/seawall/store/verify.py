"""A whole chain of reports: every file of every report, and the links between them.

Everything that follows from other files is made anew and compared byte by byte (head.json,
summary.json, lines.json, the JSON inside the page); the rest is compared with the hashes of the
report's manifest. One byte that changed is found, and its file named; its line too, from
lines.json, where the file is text. A page is drawn again too, where who asks can draw: its own seal
can be made anew by whoever changes what it shows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from seawall.foundation.json_text import dumps
from seawall.store.chain import (
    CASE,
    HEAD,
    LINES,
    NAME,
    PAGE,
    PRESETS,
    REPORT,
    SUMMARY,
    Entry,
    Head,
    entries,
    name_of,
    summary,
)
from seawall.store.fault import Fault
from seawall.store.keep import lines_text
from seawall.store.lines import changed_line, first_difference
from seawall.store.page_data import page_is_whole, report_of_page
from seawall.store.report import Opened, open_json, open_report

# How often the head is read again while another process writes reports.
LOOKS = 20
NOT_DRAWN = "the page is not the one that the program draws of the report inside it"


# Draws the page of a sealed report; None where this program is not the one that drew it.
Draw = Callable[[Mapping[str, Any]], str | None]


def verify_chain(folder: Path, draw: Draw | None = None) -> tuple[int, list[Fault], list[str]]:
    """How many reports there are, what is not as it was written, and notes that are no faults.

    ``draw``: every page without a fault is drawn again by it, and compared byte by byte.
    """
    known, end = _at_rest(folder)
    faults, other = _strangers(folder), 0
    opened: dict[Path, Opened] = {}
    for entry in known:
        report, found = verify_folder(entry)
        opened[entry.folder] = report
        faults += found
        if draw is not None:
            drawn, left = page_again(entry.folder, report, found, draw)
            faults, other = faults + drawn, other + left
    faults += _numbers(known, opened)
    faults += _links(known, opened)
    head, notes = _head(end, known, opened)
    if other:
        pages = "1 page was" if other == 1 else f"{other:,} pages were"
        notes = [*notes, f"{pages} not drawn again: another program drew what is there"]
    return len(known), faults + head, notes


def page_again(
    folder: Path, report: Opened, found: list[Fault], draw: Draw
) -> tuple[list[Fault], int]:
    """A fault where a report's page shows what is not drawn of it, and how many pages were left.

    Nothing where there is no page, and where ``found`` names it or its report already.
    """
    page, base = folder / PAGE, folder.name
    named = {x.file for x in found} & {f"{base}/{PAGE}", f"{base}/{REPORT}"}
    if named or report.result is None or not page.is_file():
        return [], 0
    drawn = draw(report.result)
    if drawn is None:
        return [], 1
    line = first_difference(drawn.encode(), page.read_bytes())
    return ([] if line is None else [Fault(f"{base}/{PAGE}", NOT_DRAWN, line)]), 0


def _at_rest(folder: Path) -> tuple[list[Entry], bytes | None]:
    """The reports and the head that counts them, as of one moment between two checks.

    Reading all reports may take longer than the next check needs to come.
    """
    path, known = folder / HEAD, entries(folder)
    data = path.read_bytes() if path.is_file() else None
    for _ in range(LOOKS):
        before, known = data, entries(folder)
        data = path.read_bytes() if path.is_file() else None
        if data == before:
            break
    return known, data


def verify_folder(entry: Entry) -> tuple[Opened, list[Fault]]:
    """One report of a chain, all its files; faults name them from the chain's folder."""
    base = entry.folder.name
    files, faults = _read(entry.folder)
    data = files.get(REPORT)
    if data is None:
        return Opened(None, b""), [*faults, Fault(f"{base}/{REPORT}", "the file is missing")]
    report = open_json(data, f"{base}/{REPORT}")
    marks = _marks(files.get(LINES))
    faults += [_placed(x, REPORT, data, marks) for x in report.faults]
    faults += _beside(base, files, report, marks)
    if not report.sealed or report.result is None:
        return report, faults
    try:
        faults += _listed(base, files, report.result, marks)
        faults += _made_anew(base, files, report, {x.file for x in faults})
    except (KeyError, TypeError, AttributeError, ValueError):
        what = "it is sealed, but has not the form of a report of this version"
        faults.append(Fault(f"{base}/{REPORT}", what))
    return report, faults


def _read(folder: Path) -> tuple[dict[str, bytes], list[Fault]]:
    files, faults = {}, []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() and not path.is_symlink():
            continue
        try:
            files[name] = path.read_bytes()
        except OSError as error:
            what = f"it cannot be read ({error.strerror or error})"
            faults.append(Fault(f"{folder.name}/{name}", what))
    return files, faults


def _marks(data: bytes | None) -> Mapping[str, Any]:
    """Marks of lines by file, as far as lines.json can be read."""
    try:
        read = json.loads(data or b"{}")
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _placed(fault: Fault, name: str, data: bytes, marks: Mapping[str, Any]) -> Fault:
    """The fault with the exact line, where the marks of the file tell it."""
    line = changed_line(marks.get(name), name, data)
    return fault if line is None else Fault(fault.file, fault.what, line)


def expected_files(result: Mapping[str, Any]) -> dict[str, str | None]:
    """Every file of a report's folder, with its hash where the manifest has one."""
    manifest = result["manifest"]
    out: dict[str, str | None] = dict.fromkeys(manifest["kept"])
    out |= {f"{CASE}/{name}": value for name, value in manifest["files"].items()}
    used = (book["preset"] for book in manifest["rulebooks"].values())
    out |= {f"{PRESETS}/{p['name']}.toml": p["sha256"] for p in used if p is not None}
    return out


def _listed(
    base: str, files: Mapping[str, bytes], result: Mapping[str, Any], marks: Mapping[str, Any]
) -> list[Fault]:
    expected = expected_files(result)
    faults = [
        Fault(f"{base}/{name}", "the file is missing") for name in expected if name not in files
    ]
    faults += [
        Fault(f"{base}/{name}", "the file does not belong to the report")
        for name in files
        if name not in expected
    ]
    for name, value in expected.items():
        data = files.get(name)
        if value is None or data is None or hashlib.sha256(data).hexdigest() == value:
            continue
        line = changed_line(marks.get(name), name, data)
        faults.append(Fault(f"{base}/{name}", "it is not the file that was checked", line))
    return faults


def _beside(
    base: str, files: Mapping[str, bytes], report: Opened, marks: Mapping[str, Any]
) -> list[Fault]:
    """Faults of the page: of its own, or that it holds another report."""
    data = files.get(PAGE)
    if data is None:
        return []
    shown = f"{base}/{PAGE}"
    if not report.faults and page_is_whole(data) and report_of_page(data) == files[REPORT]:
        return []
    page = open_report(data, shown)
    if page.faults:
        return [_placed(x, PAGE, data, marks) for x in page.faults]
    same = base == name_of(int(page.manifest["number"] or 0), str(page.seal))
    if not (same if report.faults else page.text == files[REPORT]):
        return [Fault(shown, f"the report inside it is whole, but not {REPORT}")]
    return []


def _made_anew(
    base: str, files: Mapping[str, bytes], report: Opened, named: set[str]
) -> list[Fault]:
    """Faults of the files that follow from the others; lines.json only as far as those are good."""
    faults, result = [], report.result
    if SUMMARY in files and not report.faults and result is not None:
        line = first_difference(dumps(summary(result)).encode(), files[SUMMARY])
        if line is not None:
            faults.append(Fault(f"{base}/{SUMMARY}", "it does not follow from the report", line))
    if LINES not in files:
        return faults
    bad = {x.removeprefix(f"{base}/") for x in named} | ({SUMMARY} if faults else set())
    if bad:
        now, kept = _marks(lines_text(files)), _marks(files[LINES])
        wrong = {x for x in now if x not in bad and now[x] != kept.get(x)}
        if wrong and files[LINES] != b"":
            faults.append(Fault(f"{base}/{LINES}", f"marks of {min(wrong)} do not fit the file"))
    elif (line := first_difference(lines_text(files), files[LINES])) is not None:
        faults.append(Fault(f"{base}/{LINES}", "it does not follow from the other files", line))
    return faults


def _strangers(folder: Path) -> list[Fault]:
    """What stands in the folder and is neither a report nor the head."""
    return [
        Fault(place.name, "it is no report of this chain")
        for place in sorted(folder.iterdir())
        if not place.name.startswith(".")
        and place.name != HEAD
        and not (NAME.fullmatch(place.name) and place.is_dir())
    ]


def _numbers(known: list[Entry], opened: Mapping[Path, Opened]) -> list[Fault]:
    """Faults of names: a folder that is not where its manifest says, two of one number, gaps."""
    faults, place = [], {entry.number for entry in known}
    for entry in known:
        report = opened[entry.folder]
        own = report.seal and name_of(int(report.manifest["number"] or 0), report.seal)
        if own and own != entry.folder.name:
            faults.append(Fault(entry.folder.name, f"it holds the report {own}, not this one"))
    for number in range(1, max(place, default=0) + 1):
        same = [entry for entry in known if entry.number == number]
        if not same:
            later = [e for e in known if e.number == number + 1 and opened[e.folder].seal]
            seal = str(opened[later[0].folder].manifest["previous"]) if later else ""
            name = name_of(number, seal) if seal else f"{number:06d}"
            faults.append(Fault(name, "the report is missing"))
        for entry in same if len(same) > 1 else []:
            faults.append(Fault(entry.folder.name, "more than one report has its number"))
    return faults


def _links(known: list[Entry], opened: Mapping[Path, Opened]) -> list[Fault]:
    """Faults of the chain: a report that was not written after the one before it."""
    faults = []
    for entry in known:
        report = opened[entry.folder]
        if report.seal is None:
            continue
        previous = report.manifest["previous"]
        if entry.number == 1 and previous is not None:
            faults.append(
                Fault(f"{entry.folder.name}/{REPORT}", "it is not the first of its chain")
            )
        before = [opened[e.folder] for e in known if e.number == entry.number - 1]
        seals = [x.seal for x in before]
        if before and None not in seals and previous not in seals:
            older = next(e for e in known if e.number == entry.number - 1)
            what = f"it is not the report after which {entry.folder.name} was written"
            faults.append(Fault(f"{older.folder.name}/{REPORT}", what))
    return faults


def _head(
    data: bytes | None, known: list[Entry], opened: Mapping[Path, Opened]
) -> tuple[list[Fault], list[str]]:
    """Faults of head.json, which follows from the last report; notes on a write cut short."""
    if data is None:
        return [Fault(HEAD, "the file is missing")], []
    last = opened[known[-1].folder] if known else None
    if last is not None and last.seal is None:
        # Its seal cannot be trusted; the name of its folder holds the start of it.
        text = data.decode("utf-8", "replace")
        good = f'"last": "{known[-1].seal}' in text and f'"count": {known[-1].number},' in text
        return ([] if good else [Fault(HEAD, "it does not end with the last report")]), []
    count = known[-1].number if known else 0
    expected = Head(count, None if last is None else last.seal)
    if data == expected.text.encode():
        return [], []
    if last is not None and data == Head(count - 1, last.manifest["previous"]).text.encode():
        note = f"{known[-1].folder.name} is not counted in {HEAD} yet: its writing was cut short"
        return [], [note + ", the next check puts it right"]
    line = first_difference(expected.text.encode(), data)
    return [Fault(HEAD, f"it does not end with the last report, {_last(known)}", line)], []


def _last(known: list[Entry]) -> str:
    return known[-1].folder.name if known else "of which there is none"
