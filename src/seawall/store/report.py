"""One report by itself: does the JSON, or the page, still say what was sealed?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from seawall.exposure.manifest import SCHEMA, seal_of
from seawall.foundation.errors import SeawallError
from seawall.foundation.json_text import digest, dumps
from seawall.store.fault import Fault
from seawall.store.lines import first_difference
from seawall.store.page_data import OPEN, page_is_whole, report_of_page

# A file that holds neither of these was never a report, so it cannot be an altered one.
TRACES = (b"seawall/check/", OPEN.encode(), SCHEMA.encode(), b"seawall page")


@dataclass(frozen=True)
class Opened:
    """A report that was read.

    result   the report, as far as it could be read     text    its JSON, as it stands in the file
    sealed   its manifest is as it was sealed           faults  what is wrong, nothing if it is good
    """

    result: Mapping[str, Any] | None
    text: bytes
    sealed: bool = False
    faults: tuple[Fault, ...] = field(default=())

    @property
    def manifest(self) -> Mapping[str, Any]:
        """The manifest, empty where there is none."""
        found = (self.result or {}).get("manifest")
        return found if isinstance(found, Mapping) else {}

    @property
    def seal(self) -> str | None:
        """The seal, where the manifest is as it was sealed."""
        return str(self.manifest["seal"]) if self.sealed else None


def is_report(data: bytes) -> bool:
    """True when the bytes show any trace of a report."""
    return any(trace in data for trace in TRACES)


def open_report(data: bytes, shown: str) -> Opened:
    """A report from the bytes of its JSON or of its page; ``shown`` names the file in faults."""
    if data.lstrip()[:1] == b"<" or OPEN.encode() in data:
        return _open_page(data, shown)
    return open_json(data, shown)


def _open_page(data: bytes, shown: str) -> Opened:
    inside = report_of_page(data)
    whole = page_is_whole(data)
    if inside is None:
        what = "the report inside the page cannot be read, or was taken out"
        return Opened(None, b"", faults=(Fault(shown, what),))
    start = data[: data.find(OPEN.encode())].count(b"\n")
    opened = open_json(inside, shown)
    faults = tuple(
        Fault(x.file, x.what, None if x.line is None else x.line + start) for x in opened.faults
    )
    if not whole and not faults:
        faults = (Fault(shown, "the page does not match its seal, the report inside it does"),)
    return Opened(opened.result, inside, opened.sealed, faults)


def open_json(data: bytes, shown: str) -> Opened:
    """A report from its JSON."""
    result, text, fault = _parsed(data, shown)
    if fault is not None or result is None:
        return Opened(result, data, faults=() if fault is None else (fault,))
    manifest = result.get("manifest")
    if not isinstance(manifest, dict) or not isinstance(manifest.get("seal"), str):
        fault = Fault(shown, "it holds no sealed manifest", _line_of(data, "manifest"))
        return Opened(result, data, faults=(fault,))
    faults = _sections(result, manifest, data, shown)
    sealed = seal_of(manifest) == manifest["seal"]
    if not sealed:
        what = "the manifest does not match its seal"
        faults.append(Fault(shown, what, _line_of(data, "manifest")))
    if not faults and (line := first_difference(text, data)) is not None:
        faults.append(Fault(shown, "its text is not as it was written, its numbers are", line))
    return Opened(result, data, sealed, tuple(faults))


def _parsed(data: bytes, shown: str) -> tuple[dict[str, Any] | None, bytes, Fault | None]:
    """The report, the text that it ought to have, and what keeps it from being read."""
    try:
        result = json.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return None, b"", Fault(shown, "it is not UTF-8 text", line)
    except json.JSONDecodeError as error:
        return None, b"", Fault(shown, f"it is not JSON ({error.msg.lower()})", error.lineno)
    except (RecursionError, ValueError) as error:
        return None, b"", Fault(shown, f"it is not JSON of a report ({error})")
    if not isinstance(result, dict):
        return None, b"", Fault(shown, "it is not JSON of a report", 1)
    try:
        return result, dumps(result).encode(), None
    except (SeawallError, RecursionError):
        return None, b"", Fault(shown, "it is not JSON of a report")


def _sections(
    result: Mapping[str, Any], manifest: Mapping[str, Any], data: bytes, shown: str
) -> list[Fault]:
    """Faults of the sections, by the manifest's hashes of each; of the whole, where those fit."""
    body = {key: value for key, value in result.items() if key != "manifest"}
    sections = manifest.get("sections")
    known = sections if isinstance(sections, dict) else {}
    faults = [
        Fault(shown, f"{key} is not as it was written", _line_of(data, key))
        for key, value in body.items()
        if key in known and digest({key: value}) != known[key]
    ]
    faults += [
        Fault(shown, f"{key} was added", _line_of(data, key)) for key in body if key not in known
    ]
    faults += [Fault(shown, f"{key} was taken out") for key in known if key not in body]
    if not faults and (list(body) != list(known) or digest(known) != manifest.get("result")):
        faults.append(Fault(shown, "its sections do not match the hash in its manifest"))
    return faults


def _line_of(data: bytes, key: str) -> int | None:
    """The line of a key of the report's top level."""
    start = json.dumps(key, ensure_ascii=False).encode()
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.startswith(b"  " + start):
            return number
    return None
