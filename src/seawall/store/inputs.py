"""Do the inputs at hand make this report? The files of a Case, the presets and the program."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seawall.casefile.folder import read_folder
from seawall.exposure.manifest import code_hash
from seawall.foundation.errors import InputError
from seawall.store.chain import CASE
from seawall.store.fault import Fault
from seawall.store.lines import first_difference
from seawall.venues.preset import list_presets, preset_bytes


def verify_case(manifest: Mapping[str, Any], folder: Path, copy: Path | None = None) -> list[Fault]:
    """Faults of a Case's folder against a report's manifest.

    ``copy``: the report's own folder in a chain, whose files tell the line that changed.
    Raises InputError where there is no such folder.
    """
    if not folder.is_dir():
        raise InputError("there is no such folder", file=str(folder), expected="a Case's folder")
    faults = []
    for name, value in manifest["files"].items():
        path = folder / name
        try:
            data = path.read_bytes()
        except OSError as error:
            what = "is missing" if not path.exists() else f"cannot be read ({error.strerror})"
            faults.append(Fault(str(path), f"the file {what}"))
            continue
        if hashlib.sha256(data).hexdigest() != value:
            line = _line(copy, name, data, value)
            faults.append(Fault(str(path), "it is not the file that was checked", line))
    return faults + _added(manifest, folder)


def _line(copy: Path | None, name: str, data: bytes, value: str) -> int | None:
    kept = None if copy is None else copy / CASE / name
    if kept is None or not kept.is_file() or name.endswith(".parquet"):
        return None
    before = kept.read_bytes()
    return first_difference(before, data) if hashlib.sha256(before).hexdigest() == value else None


def _added(manifest: Mapping[str, Any], folder: Path) -> list[Fault]:
    """Files that a check would read now and did not read then."""
    try:
        now = read_folder(folder).contents
    except InputError:
        return []  # what makes it unreadable is missing or altered, and named above
    return [
        Fault(str(folder / name), "the file was not there when it was checked")
        for name in now
        if name not in manifest["files"]
    ]


def verify_presets(manifest: Mapping[str, Any]) -> list[Fault]:
    """Faults of the installed presets against those that the report's rulebooks started from."""
    used = {
        str(book["preset"]["name"]): str(book["preset"]["sha256"])
        for book in manifest["rulebooks"].values()
        if book["preset"] is not None
    }
    faults = []
    for name, value in sorted(used.items()):
        file = f"presets/{name}.toml"
        if name not in list_presets():
            faults.append(Fault(file, "this preset is not installed"))
        elif hashlib.sha256(preset_bytes(name)).hexdigest() != value:
            faults.append(Fault(file, "the installed preset is not the one that was used"))
    return faults


def same_program(manifest: Mapping[str, Any]) -> bool:
    """True when the installed program is, byte for byte, the one that wrote the report."""
    return bool(manifest.get("code") == code_hash())
