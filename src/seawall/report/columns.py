"""Text in columns of a terminal: cells, tables that fold, bars, and lines that never run over.

Widths are terminal cells, not characters: a CJK sign takes two, a combining accent none. Text
from a Case passes ``clean`` first, so a name can neither move the cursor nor turn the line around.
Style is a name ("bad", "strong", "muted", "blue"); without colour it leaves no trace.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from rich.cells import cell_len, set_cell_size

ANSI = {
    "": "",
    "strong": "1",
    "muted": "2",
    "bad": "1;38;5;166",
    "good": "38;5;36",
    "blue": "38;5;32",
    "orange": "38;5;178",
    "sky": "38;5;74",
    "slate": "38;5;103",
}

EIGHTHS = " ▏▎▍▌▋▊▉█"
NARROWEST = 20
HANG = 2  # cells that further lines of a cell stand in


@dataclass(frozen=True)
class Span:
    """A run of text in one style."""

    text: str
    style: str = ""


Line = tuple[Span, ...]


def clean(value: object) -> str:
    """Text from outside, made harmless: control, format and unassigned signs become "?"."""
    kept = []
    for sign in str(value):
        category = unicodedata.category(sign)
        if category in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
            kept.append("?")
        elif not 0xFE00 <= ord(sign) <= 0xFE0F:  # variation selectors: width differs by terminal
            kept.append(sign)
    return "".join(kept)


def width_of(line: Line | str) -> int:
    """Terminal cells taken."""
    return cell_len(line) if isinstance(line, str) else sum(cell_len(s.text) for s in line)


def fit(text: str, width: int, align: str = "l") -> str:
    """``text`` in exactly ``width`` cells: padded, or cut with an ellipsis."""
    size = cell_len(text)
    if size > width:
        return set_cell_size(text, width - 1) + "…" if width > 0 else ""
    gap = " " * (width - size)
    return gap + text if align == "r" else text + gap


def squeeze(text: str, width: int, align: str = "l") -> str:
    """As ``fit``, but cut in the middle: both ends of a name or an address tell it apart."""
    if cell_len(text) <= width or width < 5:
        return fit(text, width, align)
    tail = (width - 1) // 2
    end = text
    while cell_len(end) > tail:
        end = end[1:]
    start = set_cell_size(text, width - 1 - cell_len(end))
    return start + "…" + end


def shorten(line: Line, width: int) -> Line:
    """``line`` cut to at most ``width`` cells."""
    if width_of(line) <= width:
        return line
    kept: list[Span] = []
    room = width
    for span in line:
        size = cell_len(span.text)
        if size > room:
            kept.append(replace(span, text=fit(span.text, room)))
            break
        kept.append(span)
        room -= size
    # A cut in the gap after a full span still shows that something is missing.
    if kept and room <= 0 and not kept[-1].text.endswith("…"):
        kept[-1] = replace(kept[-1], text=fit(kept[-1].text + "  ", cell_len(kept[-1].text)))
    return tuple(kept)


def wrap(text: str, width: int, indent: int = 2, hang: int | None = None) -> list[str]:
    """Prose broken at spaces into lines of at most ``width`` cells, never inside a number."""
    room_first, hang = width - indent, indent if hang is None else hang
    lines: list[str] = []
    current = ""
    for word in (w for w in text.split(" ") if w):  # a no-break space holds words together
        room = room_first if not lines else width - hang
        while cell_len(word) > room > 1:
            if current:
                lines.append(current)
                current, room = "", width - hang
                continue
            head = set_cell_size(word, room).rstrip()
            lines.append(head)
            word, room = word[len(head) :], width - hang
        joined = f"{current} {word}" if current else word
        if cell_len(joined) <= room:
            current = joined
        else:
            lines.append(current)
            current = word
    lines.append(current)
    return [" " * (indent if i == 0 else hang) + text for i, text in enumerate(lines) if text]


def bar(share: float, cells: int) -> str:
    """A bar of ``share`` (0 to 1) of ``cells``, to an eighth of a cell; never empty above zero."""
    eighths = round(min(max(share, 0.0), 1.0) * cells * 8)
    if share > 0:
        eighths = max(1, eighths)
    full, rest = divmod(eighths, 8)
    return "█" * full + (EIGHTHS[rest] if rest else "")


@dataclass(frozen=True)
class Column:
    """A column: title, cells, side ("l" or "r"); ``flexible`` may be cut, ``drop`` > 0 left out.

    ``wraps``: its cells may go on in further lines, broken at spaces, instead of being cut.
    Of the columns that may be left out the one with the largest ``drop`` goes first.
    """

    title: str
    cells: Sequence[Span]
    align: str = "l"
    flexible: bool = False
    drop: int = 0
    wraps: bool = False

    @property
    def natural(self) -> int:
        """Width without any cut."""
        return max([cell_len(self.title), *(cell_len(c.text) for c in self.cells)])

    def least(self, floor: int) -> int:
        """Narrowest width: the natural one, or ``floor`` for a flexible column wider than that,
        and for one that wraps, in which the longest word has room too.
        """
        if not (self.flexible or self.wraps):
            return self.natural
        words = [
            _lead(c.text) + HANG + max(cell_len(w) for w in c.text.split(" "))
            for c in self.cells
            if self.wraps
        ]
        return min(self.natural, max(floor, cell_len(self.title), *words, 0))

    def pieces(self, row: int, size: int) -> list[Span]:
        """The cell of a row in lines of at most ``size``, more than one only where it wraps."""
        cell = self.cells[row]
        if not self.wraps or cell_len(cell.text) <= size:
            return [cell]
        lead = _lead(cell.text)
        return [replace(cell, text=t) for t in wrap(cell.text, size, lead, lead + HANG)]


def column(
    title: str,
    rows: Sequence[Any],
    cell: Callable[[Any], str],
    align: str = "r",
    *,
    flexible: bool = False,
    drop: int = 0,
    wraps: bool = False,
    style: str = "",
) -> Column:
    """A column of one cell a row, numbers on the right unless said otherwise."""
    return Column(title, [Span(cell(row), style) for row in rows], align, flexible, drop, wraps)


def lines_of(texts: Sequence[str], style: str = "") -> list[Line]:
    """Each text as a line of one style."""
    return [(Span(text, style),) for text in texts]


def more(count: int, shown: int, tail: str = "") -> list[Line]:
    """The line "and 3 more" below a table that shows fewer rows than there are; else nothing."""
    return lines_of([f"  and {count - shown:,} more{tail}"], "muted") if count > shown else []


def _lead(text: str) -> int:
    """How many spaces a text begins with."""
    return len(text) - len(text.lstrip(" "))


def table(columns: Sequence[Column], width: int, indent: int = 2, gap: int = 2) -> list[Line]:
    """The columns in at most ``width`` cells: leave out, then cut flexible ones, then fold."""
    kept = [c for c in columns if c.natural > 0]

    def total(sizes: Sequence[int]) -> int:
        return indent + sum(sizes) + gap * (len(sizes) - 1)

    if total([c.natural for c in kept]) > width:
        gap = 1
    while total([c.least(16) for c in kept]) > width and any(c.drop for c in kept):
        kept.remove(max(kept, key=lambda c: c.drop))
    sizes = [c.natural for c in kept]
    least = [c.least(10) for c in kept]
    while total(sizes) > width and sizes != least:
        widest = max((i for i in range(len(sizes)) if sizes[i] > least[i]), key=lambda i: sizes[i])
        sizes[widest] -= 1
    if total(sizes) > width:
        return _folded(kept, width, indent)
    lines: list[Line] = []
    if any(c.title for c in kept):
        lines.append(_row([Span(c.title, "muted") for c in kept], kept, sizes, indent, gap))
    for row in range(len(kept[0].cells)):
        pieces = [c.pieces(row, size) for c, size in zip(kept, sizes, strict=True)]
        for cells in zip_longest(*pieces, fillvalue=Span("")):
            lines.append(_row(cells, kept, sizes, indent, gap))
    return lines


def _row(
    cells: Sequence[Span], columns: Sequence[Column], sizes: Sequence[int], indent: int, gap: int
) -> Line:
    spans = [Span(" " * indent)]
    for index, (cell, column, size) in enumerate(zip(cells, columns, sizes, strict=True)):
        if index:
            spans.append(Span(" " * gap))
        cut = squeeze if column.flexible else fit
        spans.append(replace(cell, text=cut(cell.text, size, column.align)))
    return tuple(spans)


def _folded(columns: Sequence[Column], width: int, indent: int) -> list[Line]:
    """Each row as wrapped text: the form for a terminal too narrow for columns."""
    lines: list[Line] = []
    for row in range(len(columns[0].cells)):
        pieces = []
        for column in columns:
            text = column.cells[row].text.strip()
            if text and not set(text) <= set(EIGHTHS + "│┃"):
                pieces.append(f"{column.title} {text}" if column.align == "r" else text)
        lines += [(Span(t),) for t in wrap(", ".join(pieces), width, indent, indent + 2)]
    return lines


def rule(title: str, width: int) -> Line:
    """A section's heading: a line with the title in it."""
    text = fit(title, min(cell_len(title), max(1, width - 6)))
    start = f"── {text} "
    return (
        Span("── ", "muted"),
        Span(text, "strong"),
        Span(" " + "─" * max(0, width - cell_len(start)), "muted"),
    )


def beside(left: Sequence[Line], right: Sequence[Line], left_width: int) -> list[Line]:
    """Two blocks next to each other, the right one starting at cell ``left_width``."""
    lines: list[Line] = []
    for index in range(max(len(left), len(right))):
        first = left[index] if index < len(left) else ()
        second = right[index] if index < len(right) else ()
        pad = Span(" " * max(0, left_width - width_of(first)))
        lines.append((*first, pad, *second) if second else tuple(first))
    return lines


def with_marks(line: Line, marks: str, width: int) -> Line:
    """``marks`` at the right end of ``line``, when there is room for them."""
    room = width - width_of(line) - len(marks)
    if not marks or room < 2:
        return line
    return (*line, Span(" " * room), Span(marks, "muted"))


def paint(lines: Sequence[Line], width: int, colour: bool) -> str:
    """The lines as text, none wider than ``width``, no space at a line's end."""
    out = []
    for line in lines:
        cut = list(shorten(line, width))
        while cut and not cut[-1].text.strip():
            cut.pop()
        if cut:
            cut[-1] = replace(cut[-1], text=cut[-1].text.rstrip())
        painted = "".join(_painted(span) if colour else span.text for span in cut)
        out.append(painted.replace("\xa0", " "))
    return "\n".join(out) + "\n"


def _painted(span: Span) -> str:
    code = ANSI[span.style]
    return f"\x1b[{code}m{span.text}\x1b[0m" if code and span.text.strip() else span.text
