"""Docstrings as HTML: paragraphs, formulas as they were typed, source and limits marked."""

from __future__ import annotations

import html
import re
import textwrap

# Words with which a paragraph of a mechanism's docstring says what it is (CONTRIBUTING.md).
LABELS = re.compile(
    r"^((?:Idea|Formulas?|Sources?[^:.]{0,60}|Defaults?|Space|Laws?):|Wrong [a-z]+\b:?)"
)
# Where such a sentence stands inside a paragraph.
OWN_PARAGRAPH = re.compile(r"(?<=[.)])\s+(?=(?:Wrong [a-z]+\b|Sources?[^.:\n]{0,60}:))")


def inline(text: str) -> str:
    """Code between backticks, the rest as it stands; nothing in it is markup."""
    parts = re.split(r"``?([^`\n]+)``?", " ".join(text.split()))
    return "".join(
        f"<code>{html.escape(part)}</code>" if n % 2 else html.escape(part)
        for n, part in enumerate(parts)
    )


def paragraph(text: str, style: str = "") -> str:
    """One paragraph, its label (source, when it is wrong) in bold."""
    body = LABELS.sub(r"<strong>\1</strong>", inline(text))
    return f"<p{style}>{body}</p>"


def paragraphs(text: str, style: str = "") -> list[str]:
    """A paragraph; source and limits, where they stand inside it, begin one of their own."""
    return [paragraph(piece, style) for piece in OWN_PARAGRAPH.split(text)]


def blocks(docstring: str) -> list[tuple[str, str]]:
    """The docstring in pieces: (``text`` or ``formula``, its lines)."""
    found: list[tuple[str, str]] = []
    for piece in re.split(r"\n\s*\n", docstring.strip("\n")):
        run: list[str] = []
        kind = ""
        for line in piece.splitlines():
            now = "formula" if line.startswith("    ") else "text"
            if kind and now != kind:
                found.append((kind, "\n".join(run)))
                run = []
            kind = now
            run.append(line)
        found.append((kind, "\n".join(run)))
    return [(kind, text) for kind, text in found if text.strip()]


def as_html(docstring: str) -> str:
    """All of a docstring; the first line stands out."""
    parts = []
    for n, (kind, text) in enumerate(blocks(docstring)):
        if kind == "formula":
            shown = html.escape(textwrap.dedent(text))
            # A blank line would end the block of HTML for the Markdown reader.
            parts.append(f'<pre class="sw-formula"><code>{shown}</code></pre>')
        elif n == 0:
            first, *rest = text.split("\n", 1)
            parts.append(paragraph(first, ' class="sw-lead"'))
            parts += [found for line in rest for found in paragraphs(line)]
        else:
            parts += paragraphs(text)
    return "\n\n".join(parts)


def first_line(docstring: str | None) -> str:
    """The first line without its full stop; a sentence that goes on is cut at its first stop."""
    text = " ".join((docstring or "").split("\n\n")[0].split())
    return re.split(r"(?<=[a-z)])\. ", text)[0].rstrip(".")
