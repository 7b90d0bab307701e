"""The report inside its own HTML page: the JSON as inert text, and a seal over the whole page.

The JSON of a sealed report stands in a `template` element, which browsers neither show nor run,
with the three signs that mean something to HTML escaped. The last line of the page is a comment
with the SHA-256 of all that stands before it: it finds accidents and careless edits; who can write
the page anew can seal it anew, and then only drawing it again tells (docs/audit.md).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from seawall.foundation.json_text import dumps

OPEN, CLOSE = '<template id="seawall-report">', "</template>"
SEAL = re.compile(rb"<!-- seawall page ([0-9a-f]{64}) -->\n\Z")


def data_block(result: Mapping[str, Any]) -> str:
    """The element that holds the JSON of a sealed report, as HTML; "" where it is not sealed.

    Everything from the Case is in it: a page for outside readers leaves it out.
    """
    if not (result.get("manifest") or {}).get("seal"):
        return ""
    return f"{OPEN}{_escaped(dumps(result))}{CLOSE}"


def sealed_page(html: str) -> str:
    """The page with its seal as the last line."""
    return f"{html}<!-- seawall page {hashlib.sha256(html.encode()).hexdigest()} -->\n"


def page_is_whole(data: bytes) -> bool:
    """True when the seal of the page is there and fits the bytes before it."""
    found = SEAL.search(data)
    if found is None:
        return False
    return hashlib.sha256(data[: found.start()]).hexdigest().encode() == found.group(1)


def report_of_page(data: bytes) -> bytes | None:
    """The JSON inside a page; None where it holds none that can be read back."""
    first, last = data.find(OPEN.encode()), data.rfind(CLOSE.encode())
    if first < 0 or last < first:
        return None
    try:
        inside = data[first + len(OPEN) : last].decode("utf-8")
    except UnicodeDecodeError:
        return None
    text = inside.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return text.encode() if _escaped(text) == inside else None


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
