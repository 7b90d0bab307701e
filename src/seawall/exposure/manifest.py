"""What an answer was made from: the manifest of a report, as far as the run itself knows it.

Hashes are SHA-256 in hexadecimal. `foundation.json_text.digest` is what `seal` and `result` are
made with; the command that was typed, the time and the place in a chain of reports are filled in
when a report is written (`seal_report`), so that `check` itself depends on nothing but its Case.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import numpy as np

import seawall
from seawall.case import Case
from seawall.case.assumptions import ASSUMPTIONS
from seawall.foundation.json_text import digest
from seawall.venues.preset import load_preset, preset_bytes

SCHEMA = "seawall/manifest/1"
# Sections of a result that depend on more than Case, options and version (law L10).
BESIDE = ("manifest", "since_last", "alerts")
NOT_YET = ("options", "written", "number", "previous", "kept", "result", "sections", "seal")


def manifest_block(case: Case, assumptions: Sequence[str]) -> dict[str, Any]:
    """The `manifest` of a result that is not written yet; ``assumptions``: the marks it cites."""
    import scipy

    return {
        "schema": SCHEMA,
        "case": case.digest,
        "files": dict(case.files),
        "rulebooks": {
            name: {
                "source": rulebook.source,
                "as_of": rulebook.as_of.isoformat(),
                "preset": None if rulebook.preset is None else _preset(rulebook.preset),
            }
            for name, rulebook in case.rulebooks.items()
        },
        "code": code_hash(),
        "texts": {mark: _hash(ASSUMPTIONS[mark].encode()) for mark in assumptions},
        "versions": {
            "seawall": seawall.__version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
        **dict.fromkeys(NOT_YET),
    }


def seal_report(
    result: Mapping[str, Any],
    options: Mapping[str, Any],
    written: str,
    link: tuple[int, str | None] | None = None,
    kept: Sequence[str] = (),
) -> dict[str, Any]:
    """The result as a report: its manifest says how it was asked for and when, and is sealed.

    options  what was asked, by name of the option     written  UTC, ISO 8601
    link     number in its chain of reports from 1, seal of the report before it; None: in no chain
    kept     names of the files that its folder in the chain holds beside its inputs

    ``sections`` hashes each key of the report but the manifest, ``result`` those hashes in their
    order, ``seal`` the manifest without the seal.
    """
    body = {key: value for key, value in result.items() if key != "manifest"}
    sections = {key: digest({key: value}) for key, value in body.items()}
    manifest = dict(result["manifest"]) | {
        "options": dict(options),
        "written": written,
        "number": None if link is None else link[0],
        "previous": None if link is None else link[1],
        "kept": list(kept),
        "result": digest(sections),
        "sections": sections,
    }
    return body | {"manifest": manifest | {"seal": seal_of(manifest)}}


def seal_of(manifest: Mapping[str, Any]) -> str:
    """The seal that a manifest ought to carry."""
    return digest({key: value for key, value in manifest.items() if key != "seal"})


def code_hash() -> str:
    """SHA-256 over the installed package's own files: programs, rules, texts, by name and bytes."""
    total = hashlib.sha256()
    for name, file in sorted(_files(resources.files("seawall"), "")):
        total.update(name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _files(folder: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.name != "__pycache__":
                found += _files(entry, f"{prefix}{entry.name}/")
        elif not entry.name.endswith((".pyc", ".nbi", ".nbc")) and not entry.name.startswith("."):
            found.append((prefix + entry.name, entry))
    return found


def _preset(name: str) -> dict[str, str]:
    written = load_preset(name)
    return {
        "name": name,
        "sha256": _hash(preset_bytes(name)),
        "source": str(written["source"]),
        "as_of": str(written["as_of"]),
    }


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
