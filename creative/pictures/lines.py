"""Breaking a headline into lines as a typographer would: even lines, nothing left alone.

For each number of lines the breaks of least cost are found by dynamic programming over the words,
in the manner of Knuth and Plass (1981), with the costs of short display text.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

_ORPHAN = 0.9
"""Cost of a last line that is one short word."""
_DANGLING = 0.10
"""Cost of a line that ends in a short word, which belongs to the next one."""
_TORN = 0.5
"""Cost of parting a number from what it counts."""
_SPLIT = 0.2
"""Cost of parting a word at its hyphen."""
_SHORT_LAST = 0.45
_SPACELESS = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uff10-\uff5a"
_WIDE = re.compile(f"[{_SPACELESS}]")
_RUN = re.compile(f"[{_SPACELESS}][、。，．！？）」』]*|[^{_SPACELESS}]+")
_PIECE = re.compile(r"[^ ]*?(?:[-\u2010\u2013\u2014/](?=[^\W\d_])|$)")


@dataclass(frozen=True, slots=True)
class Piece:
    """What is never parted, and whether a space stands before it on the same line."""

    text: str
    spaced: bool


@dataclass(frozen=True, slots=True)
class Breaks:
    """The lines, the widest one's width, and how far from ideal they are (0 is ideal)."""

    lines: tuple[str, ...]
    widest: float
    cost: float


def pieces(text: str) -> tuple[Piece, ...]:
    """Words and, inside them, the parts after hyphens, dashes and slashes; scripts that are
    written without spaces part between any two characters. A no-break space keeps together."""
    found: list[Piece] = []
    for word in re.split(r"[ \t\r\n]+", text.strip()):
        parts = [part for part in _PIECE.findall(word) if part]
        parts = [one for part in parts for one in _between_wide(part)]
        found += [Piece(part, spaced=not number) for number, part in enumerate(parts)]
    return tuple(found)


def break_lines(text: str, count: int, measure: Callable[[str], float]) -> Breaks | None:
    """The best ``count`` lines, or None when there are fewer words than lines.

    ``measure`` gives the width of a text in any unit.
    """
    words = pieces(text)
    if not words or len(words) < count:
        return None
    space = measure(" ")
    widths = [measure(word.text) for word in words]
    ends = [0.0, *accumulate(
        width + (space if word.spaced else 0.0)
        for word, width in zip(words, widths, strict=True)
    )]  # fmt: skip

    def width(first: int, after: int) -> float:
        return ends[after] - ends[first] - (space if words[first].spaced else 0.0)

    target = width(0, len(words)) / count
    # best[n][k]: cheapest way to set the first n words in k lines, and where the last one starts.
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for after in range(1, len(words) + 1):
        row: dict[int, tuple[float, int]] = {}
        for first in range(after):
            line = _line_cost(words, first, after, width(first, after), target)
            for lines, (cost, _) in best[first].items():
                if lines < count and (lines + 1 not in row or cost + line < row[lines + 1][0]):
                    row[lines + 1] = (cost + line, first)
        best.append(row)
    spans: list[tuple[int, int]] = []
    after = len(words)
    for lines in range(count, 0, -1):
        first = best[after][lines][1]
        spans.append((first, after))
        after = first
    spans.reverse()
    return Breaks(
        lines=tuple(_joined(words[first:after]) for first, after in spans),
        widest=max(width(first, after) for first, after in spans),
        cost=best[-1][count][0] / count,
    )


def _line_cost(
    words: Sequence[Piece], first: int, after: int, width: float, target: float
) -> float:
    cost = ((width - target) / target) ** 2
    last = words[after - 1].text
    if after == len(words):
        alone = after - first == 1 and first > 0
        if alone and (len(last) < 6 or width < _SHORT_LAST * target):
            cost += _ORPHAN
        return cost
    if len(last) <= 3 and last.isalpha():
        cost += _DANGLING
    if not words[after].spaced and not _WIDE.search(last):
        cost += _SPLIT
    if last[-1].isdigit() and words[after].spaced:
        cost += _TORN
    return cost


def _joined(words: Sequence[Piece]) -> str:
    return "".join(
        f" {word.text}" if word.spaced and number else word.text
        for number, word in enumerate(words)
    )


def _between_wide(part: str) -> list[str]:
    """Each wide character by itself, closing punctuation with what it closes."""
    return _RUN.findall(part) if _WIDE.search(part) else [part]
