"""What `seawall report verify` looks at, in which order, and the answer as one dict."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seawall.foundation.errors import InputError, SeawallError

if TYPE_CHECKING:
    from seawall.store.fault import Fault
    from seawall.store.report import Opened
    from seawall.store.verify import Draw

SCHEMA = "seawall/verify/1"


@dataclass(frozen=True)
class Asked:
    """What is to be verified: a report or a folder of them, with what, and whether to run it."""

    file: Path
    case: Path | None
    reports: Path | None
    rerun: bool
    trusted: bool


def verified(asked: Asked) -> dict[str, Any]:
    """The answer of `seawall report verify`: docs/audit.md.

    Raises InputError for what cannot be read and for options that do not go together.
    """
    if asked.file.is_dir():
        if asked.case or asked.reports or asked.rerun:
            raise InputError(
                "a folder of reports is verified as a whole",
                file=str(asked.file),
                expected="one report of it for --case, --reports or --rerun",
            )
        if read_safely(asked.file) is None:
            raise InputError(
                "is not a folder of reports",
                file=str(asked.file),
                expected="one that `seawall check CASE --reports DIR` wrote",
            )
        count, faults, notes = _chain(asked.file)
        looked = [f"{_many(count, 'report')} of the chain", *_pages(asked.file)]
        return _answer(asked.file, None, faults, notes, looked)
    return _one(asked, _opened(asked.file))


def read_safely(folder: Path) -> list[str] | None:
    """Names that show that a folder is one of reports; None where nothing does."""
    from seawall.store.chain import HEAD, entries

    names = [entry.folder.name for entry in entries(folder)]
    return names or ([HEAD] if (folder / HEAD).is_file() else None)


def _opened(file: Path) -> Opened:
    from seawall.store.report import is_report, open_report

    try:
        data = file.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"cannot be read ({reason})", file=str(file), expected="a report of seawall check"
        ) from None
    if not is_report(data):
        raise InputError(
            "is not a report of seawall check",
            file=str(file),
            expected="what --json, --html or --reports wrote",
        )
    return open_report(data, str(file))


def _one(asked: Asked, opened: Opened) -> dict[str, Any]:
    from seawall.store.inputs import same_program, verify_case, verify_presets

    faults, notes, looked = list(opened.faults), [], ["the report itself"]
    folder = asked.reports or _home(asked.file)
    own = None
    if folder is not None:
        own, in_chain, more, count = _in_chain(folder, asked.file, opened)
        faults += _not_known(in_chain, asked.file, faults)
        notes += more
        looked.append(f"{_many(count, 'report')} of its chain, with their inputs and presets")
        looked += _pages(folder)
    elif (place := _alone(asked.file)) is not None:
        own, of_folder = place
        faults += _not_known(of_folder, asked.file, faults)
        looked.append("its own folder, with its inputs and presets")
        looked += _pages(own)
    if opened.sealed:
        manifest = opened.manifest
        if asked.case is not None:
            faults += verify_case(manifest, asked.case, own)
            looked.append(f"{_many(len(manifest['files']), 'file')} of {asked.case}")
        stale = verify_presets(manifest)
        if own is None:
            faults += stale
            looked.append("the installed presets")
        else:
            notes += [f"{x.sentence.rstrip('.')}; the copy in the chain is" for x in stale]
        if not same_program(manifest):
            notes.append("the installed program is not, byte for byte, the one that wrote it")
        elif not opened.faults and opened.text != asked.file.read_bytes():
            faults += _not_known(_drawn_again(asked.file, opened), asked.file, faults)
            looked.append("the page, drawn again")
    if asked.rerun:
        faults += _rerun(asked, opened, own, faults)
        looked.append("the answer, computed again")
    return _answer(asked.file, opened, faults, notes, looked)


def _not_known(found: list[Fault], file: Path, known: list[Fault]) -> list[Fault]:
    """Faults that are not told already; those of the file itself under the name it was given by."""
    from seawall.store.fault import Fault

    same = [
        Fault(str(file), x.what, x.line) if Path(x.file).absolute() == file.absolute() else x
        for x in found
    ]
    told = {(x.file, x.line) for x in known}
    return [x for x in same if (x.file, x.line) not in told]


def _home(file: Path) -> Path | None:
    """The folder of reports in which a file stands, if it stands in one; its head may be lost."""
    from seawall.store.chain import HEAD, NAME, entries

    inside = file.absolute().parent
    if NAME.fullmatch(inside.name) is None:
        return None
    whole = (inside.parent / HEAD).exists() or len(entries(inside.parent)) > 1
    return inside.parent if whole else None


def _alone(file: Path) -> tuple[Path, list[Fault]] | None:
    """A report's own folder that was taken out of its chain, and the faults of its files."""
    from seawall.store.chain import NAME, PAGE, REPORT, Entry
    from seawall.store.fault import Fault
    from seawall.store.verify import page_again, verify_folder

    inside = file.absolute().parent
    match = NAME.fullmatch(inside.name)
    if match is None or file.name not in (REPORT, PAGE):
        return None
    report, faults = verify_folder(Entry(int(match.group(1)), match.group(2), inside))
    faults = faults + page_again(inside, report, faults, _drawing())[0]
    return inside, [Fault(str(inside.parent / x.file), x.what, x.line) for x in faults]


def _pages(folder: Path) -> list[str]:
    """What was looked at beside the hashes, where a folder holds pages of reports."""
    from seawall.store.chain import PAGE

    return ["pages drawn again"] if any(folder.rglob(PAGE)) else []


def _drawn_again(file: Path, opened: Opened) -> list[Fault]:
    """A fault where a page shows what this program does not draw of the report inside it."""
    from seawall.store.fault import Fault
    from seawall.store.lines import first_difference
    from seawall.store.verify import NOT_DRAWN

    drawn = _drawing()(opened.result or {})
    line = None if drawn is None else first_difference(drawn.encode(), file.read_bytes())
    return [] if line is None else [Fault(str(file), NOT_DRAWN, line)]


def _drawing() -> Draw:
    """Draws the pages of reports that this very program wrote."""
    from seawall.exposure.manifest import code_hash
    from seawall.report import page

    code = code_hash()

    def draw(report: Mapping[str, Any]) -> str | None:
        if report["manifest"].get("code") != code:
            return None
        try:
            return page.render(report)
        except Exception:  # a report sealed by a forger may lack anything a page reads
            return ""

    return draw


def _chain(folder: Path) -> tuple[int, list[Fault], list[str]]:
    from seawall.store.fault import Fault
    from seawall.store.verify import verify_chain

    count, faults, notes = verify_chain(folder, _drawing())
    return count, [Fault(str(folder / x.file), x.what, x.line) for x in faults], notes


def _in_chain(
    folder: Path, file: Path, opened: Opened
) -> tuple[Path | None, list[Fault], list[str], int]:
    """The report's own folder in the chain, faults of the chain and of its copy there."""
    from seawall.store.chain import PAGE, REPORT, entries
    from seawall.store.fault import Fault
    from seawall.store.lines import first_difference

    if not folder.is_dir() or read_safely(folder) is None:
        raise InputError(
            "is not a folder of reports",
            file=str(folder),
            expected="one that `seawall check CASE --reports DIR` wrote",
        )
    count, faults, notes = _chain(folder)
    inside = file.absolute().parent
    places = [entry for entry in entries(folder) if entry.folder.absolute() == inside]
    if places:
        return places[0].folder, faults, notes, count
    number = opened.manifest.get("number")
    places = [x for x in entries(folder) if opened.seal and opened.seal.startswith(x.seal)]
    places = places or [x for x in entries(folder) if not opened.sealed and x.number == number]
    if not places:
        faults.insert(0, Fault(str(file), f"it is not one of the reports in {folder}"))
        return None, faults, notes, count
    own = places[0].folder
    copy = own / (PAGE if opened.text != file.read_bytes() else REPORT)
    if copy.is_file():
        line = first_difference(copy.read_bytes(), file.read_bytes())
        if line is not None:
            faults.insert(0, Fault(str(file), f"it is not the copy kept in {own}", line))
    return own, faults, notes, count


def _rerun(asked: Asked, opened: Opened, own: Path | None, faults: list[Fault]) -> list[Fault]:
    """Faults of the answer against the same question asked again."""
    from seawall.store.chain import CASE

    if not opened.sealed or opened.result is None:
        return []  # what was asked is not known for sure, and that is a fault already
    folder = asked.case or (None if own is None else own / CASE)
    if faults:
        raise InputError(
            f"{faults[0].sentence} What is altered is not run again",
            file="--rerun",
            expected="a report and inputs as they were written",
        )
    if folder is None:
        raise InputError(
            "the inputs of the report are not at hand",
            file="--rerun",
            expected="--case DIR with the Case's folder, or --reports DIR",
        )
    again = _checked(folder, opened.manifest["options"], asked.trusted)
    return _compared(asked.file, opened, again)


def _checked(folder: Path, options: dict[str, Any], trusted: bool) -> dict[str, Any]:
    import json

    import typer.main

    from seawall.cli import app
    from seawall.cli.asked import command_line

    group: Any = typer.main.get_command(app.app)
    command = group.commands["check"]
    with tempfile.TemporaryDirectory() as room:
        target = Path(room) / "report.json"
        words = command_line(command, options, trusted)
        with contextlib.redirect_stdout(io.StringIO()):
            code = app.run(["check", str(folder), *words, "--json", str(target)])
        if code not in (0, 2):
            raise SeawallError("The check could not be run again, for the reason above.")
        read: dict[str, Any] = json.loads(target.read_text("utf-8"))
    return read


def _compared(file: Path, opened: Opened, again: dict[str, Any]) -> list[Fault]:
    """Faults where the answer now is another, section by section (law L10)."""
    from seawall.exposure.manifest import BESIDE
    from seawall.foundation.json_text import dumps
    from seawall.store.fault import Fault

    before = dict(opened.result or {})
    keys = [key for key in {**before, **again} if key not in BESIDE]
    return [
        Fault(str(file), f"{key} is another when computed again")
        for key in keys
        if key not in before
        or key not in again
        or dumps({"": before[key]}) != dumps({"": again[key]})
    ]


def _answer(
    file: Path, opened: Opened | None, faults: list[Fault], notes: list[str], looked: list[str]
) -> dict[str, Any]:
    manifest = {} if opened is None else opened.manifest
    case = ((opened.result if opened else None) or {}).get("case")
    return {
        "schema": SCHEMA,
        "file": str(file),
        "state": "altered" if faults else "unchanged",
        "faults": [{"file": x.file, "line": x.line, "what": x.what} for x in faults],
        "notes": notes,
        "looked_at": looked,
        "case": case.get("name") if isinstance(case, dict) else None,
        **{key: manifest.get(key) for key in ("number", "seal", "previous", "written")},
    }


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")
