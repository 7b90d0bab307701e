"""Keep a report: sealed, linked to the one before it, and written whole or not at all.

A report is put together in a folder whose name begins with a dot, flushed to the disk and then
renamed; head.json is replaced last. A crash leaves either no trace but that folder, which the next
writer removes, or a whole report that the head does not count yet, which the next writer counts.
Two processes wait for each other at the folder's lock.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seawall.exposure.alerts import alerts_block
from seawall.exposure.manifest import seal_report
from seawall.foundation.errors import InputError
from seawall.foundation.json_text import dumps
from seawall.store.chain import (
    CASE,
    HEAD,
    LINES,
    PAGE,
    PRESETS,
    REPORT,
    SUMMARY,
    Head,
    entries,
    name_of,
    read_head,
    summaries,
    summary,
)
from seawall.store.lines import line_marks
from seawall.store.lock import locked
from seawall.venues.preset import preset_bytes

PART = ".part-"


@dataclass(frozen=True)
class Question:
    """What a report answers, beside its result.

    options  of the command, by name       written  when, UTC, ISO 8601
    inputs   {name inside the case folder: bytes}; of a Case from files all of them
    """

    options: Mapping[str, Any]
    written: str
    inputs: Mapping[str, bytes]


def ready(folder: Path) -> None:
    """Refuse, before anything is computed, a folder in which no report could be kept.

    Raises InputError where it cannot be made or written, holds other things, or its head is lost.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = [place.name for place in folder.iterdir() if not place.name.startswith(".")]
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"{folder} cannot hold reports ({reason})", file="--reports", expected="a folder"
        ) from None
    if not os.access(folder, os.W_OK):
        raise InputError(
            f"{folder} may not be written", file="--reports", expected="a folder you may write in"
        )
    if names and read_head(folder) is None:
        expected = "a new or empty folder, or one with reports"
        if entries(folder):
            expected = f"`seawall report verify {folder}` to say what is missing"
        raise InputError(f"{folder} has no {HEAD}", file="--reports", expected=expected)


def keep(
    folder: Path,
    result: Mapping[str, Any],
    question: Question,
    page: Callable[[Mapping[str, Any]], str] | None = None,
) -> tuple[dict[str, Any], Path]:
    """Write a report at the end of the chain in ``folder``; the sealed report, and its own folder.

    ``page`` renders its HTML, where that is to be kept too. Raises InputError where the inputs are
    not those of the result any more, and where the system refuses; then nothing is left behind.
    """
    _same_inputs(result, question.inputs)
    ready(folder)
    with locked(folder):
        for left in folder.glob(f"{PART}*"):
            shutil.rmtree(left, ignore_errors=True)
        with _refusals(folder / HEAD):
            head = _counted(folder)
        told = dict(result) | {
            "alerts": alerts_block(summaries(folder) if head.count else [], result)
        }
        kept = [REPORT, *([PAGE] if page else []), SUMMARY, LINES]
        link = (head.count + 1, head.last)
        sealed = seal_report(told, question.options, question.written, link, kept)
        files = _files(sealed, question.inputs, page)
        seal = str(sealed["manifest"]["seal"])
        place = folder / name_of(link[0], seal)
        with _refusals(place):
            _write(files, place)
            try:
                write_head(folder, Head(link[0], seal))
            except OSError:  # who is told that it failed shall not find it in the chain later
                shutil.rmtree(place, ignore_errors=True)
                raise
    return sealed, place


@contextmanager
def _refusals(place: Path) -> Iterator[None]:
    """What the system refuses, as a sentence."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{place} could not be written ({reason})") from error


def _same_inputs(result: Mapping[str, Any], inputs: Mapping[str, bytes]) -> None:
    expected = result["manifest"]["files"]
    for name in expected.keys() | inputs.keys():
        now = hashlib.sha256(inputs[name]).hexdigest() if name in inputs else None
        if now != expected.get(name):
            raise InputError(
                "was changed while it was being checked", file=name, expected="to check again"
            )


def _counted(folder: Path) -> Head:
    """The head, after a report that a crash left uncounted is counted."""
    head = read_head(folder)
    known = entries(folder)
    if head is None:
        head = Head(0, None)
        write_head(folder, head)
    if known and known[-1].number == head.count + 1:
        last = summaries(folder)[-1]
        if last["previous"] == head.last:
            head = Head(head.count + 1, str(last["seal"]))
            write_head(folder, head)
    if len(known) != head.count or (known and not str(head.last).startswith(known[-1].seal)):
        raise InputError(
            f"{folder} does not end where its {HEAD} says",
            file="--reports",
            expected=f"`seawall report verify {folder}` to say what was altered",
        )
    return head


def write_head(folder: Path, head: Head) -> None:
    """Replace head.json."""
    part = folder / f"{PART}{HEAD}"
    try:
        _put(part, head.text.encode())
        part.replace(folder / HEAD)
    finally:
        part.unlink(missing_ok=True)
    _settle(folder)


def _files(
    sealed: Mapping[str, Any],
    inputs: Mapping[str, bytes],
    page: Callable[[Mapping[str, Any]], str] | None,
) -> dict[str, bytes]:
    """Every file of the report's folder, by name."""
    files = {REPORT: dumps(sealed).encode()}
    if page is not None:
        files[PAGE] = page(sealed).encode()
    files[SUMMARY] = dumps(summary(sealed)).encode()
    files |= {f"{CASE}/{name}": data for name, data in inputs.items()}
    files |= {f"{PRESETS}/{name}.toml": preset_bytes(name) for name in presets_of(sealed)}
    files[LINES] = lines_text(files)
    return files


def presets_of(result: Mapping[str, Any]) -> list[str]:
    """Names of the presets that the rulebooks of a report start from."""
    used = (book["preset"] for book in result["manifest"]["rulebooks"].values())
    return sorted({str(preset["name"]) for preset in used if preset is not None})


def lines_text(files: Mapping[str, bytes]) -> bytes:
    """The file lines.json: marks of the lines of every other file."""
    marks = {name: line_marks(name, files[name]) for name in sorted(files) if name != LINES}
    return dumps({name: kept for name, kept in marks.items() if kept is not None}).encode()


def _write(files: Mapping[str, bytes], place: Path) -> None:
    part = Path(tempfile.mkdtemp(prefix=PART, dir=place.parent))
    try:
        for name, data in files.items():
            path = part / name
            path.parent.mkdir(parents=True, exist_ok=True)
            _put(path, data)
        mask = os.umask(0)
        os.umask(mask)
        part.chmod(0o777 & ~mask)
        part.rename(place)
        _settle(place.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _put(path: Path, data: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _settle(folder: Path) -> None:
    """Flush the folder's own list of names, where the system has such a thing."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
