"""Charts of a rehearsal as small SVG files: no library, the same bytes for the same figures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from starter.rehearsal.record import DayFigures, Record

_WIDTH, _HEIGHT = 760, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 150, 44, 36
_LABEL = "simulated market, rule-based planner, sandbox networks"
_BLUE, _ORANGE, _GREEN, _GREY = "#1f5fbf", "#d9730d", "#2e8b57", "#8a8f98"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart; None leaves a gap. ``dashed`` is for what was only planned."""

    name: str
    values: tuple[float | None, ...]
    colour: str
    dashed: bool = False


def draw(record: Record, directory: Path) -> list[Path]:
    """Write the charts into a directory (made when absent); the files in order."""
    directory.mkdir(parents=True, exist_ok=True)
    days, unit = record.days, record.currency
    charts = {
        "spend-so-far.svg": (
            f"Spend so far against plan ({unit})",
            [
                _line("planned", days, lambda day: _units(day.planned_so_far), _GREY, dashed=True),
                _line("spent", days, lambda day: _units(day.spent_so_far), _BLUE),
            ],
        ),
        "spend-by-day.svg": (
            f"Spend by day against plan ({unit})",
            [
                _line("planned", days, lambda day: _units(day.planned), _GREY, dashed=True),
                *(
                    _line(story.platform, story.days, lambda day: _units(day.spent), colour)
                    for story, colour in zip(
                        record.campaigns, _colours(len(record.campaigns)), strict=True
                    )
                ),
            ],
        ),
        "results.svg": (
            f"Cost of a conversion ({unit}) and of a click (cents)",
            [
                _line("CPA", days, _cpa, _ORANGE),
                _line(
                    "CPC",
                    days,
                    lambda day: day.spent / day.clicks / 10_000 if day.clicks else None,
                    _BLUE,
                ),
            ],
        ),
        "return.svg": (
            "Return on ad spend",
            [_line("ROAS", days, lambda day: day.roas, _GREEN)],
        ),
    }
    files: list[Path] = []
    for name, (title, lines) in charts.items():
        file = directory / name
        file.write_text(svg(title, [f"{day.day:%b %d}" for day in days], lines))
        files.append(file)
    return files


def svg(title: str, labels: Sequence[str], lines: Sequence[Line], *, about: str = _LABEL) -> str:
    """A line chart with its axis from zero, one label for about every fifth point.

    ``about``: what the figures come from, below the title.
    """
    known = [value for line in lines for value in line.values if value is not None]
    top = _round_up(max(known, default=1.0) or 1.0)
    wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def x(place: int) -> float:
        return _LEFT + wide * place / max(1, len(labels) - 1)

    def y(value: float) -> float:
        return _TOP + high * (1 - value / top)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'font-family="system-ui, sans-serif" font-size="11" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="20" font-size="14" font-weight="600">{escape(title)}</text>',
        f'<text x="{_LEFT}" y="35" fill="{_GREY}">{escape(about)}</text>',
    ]
    for step in range(5):
        value = top * step / 4
        parts.append(
            f'<line x1="{_LEFT}" x2="{_LEFT + wide}" y1="{y(value):.1f}" y2="{y(value):.1f}" '
            f'stroke="#e4e6ea"/><text x="{_LEFT - 8}" y="{y(value) + 4:.1f}" '
            f'text-anchor="end">{value:,.6g}</text>'
        )
    every = max(1, len(labels) // 6)
    parts += [
        f'<text x="{x(place):.1f}" y="{_HEIGHT - 14}" text-anchor="middle">{escape(label)}</text>'
        for place, label in enumerate(labels)
        if place % every == 0
    ]
    for number, line in enumerate(lines):
        dashes = ' stroke-dasharray="5 4"' if line.dashed else ""
        parts += [
            f'<path d="{path}" fill="none" stroke="{line.colour}" stroke-width="2"{dashes}/>'
            for path in _paths(line.values, x, y)
        ]
        parts.append(
            f'<text x="{_LEFT + wide + 12}" y="{_TOP + 12 + 16 * number}" '
            f'fill="{line.colour}">{escape(line.name)}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def spark(values: Sequence[float | None]) -> str:
    """A line of blocks, from zero to the highest value; a dot where nothing is known."""
    top = max((value for value in values if value is not None), default=0.0)
    blocks = "▁▂▃▄▅▆▇█"
    return "".join(
        "·" if value is None else blocks[round(value / top * 7) if top > 0 else 0]
        for value in values
    )


def _line(
    name: str,
    days: Sequence[DayFigures],
    of: Callable[[DayFigures], float | None],
    colour: str,
    *,
    dashed: bool = False,
) -> Line:
    return Line(name, tuple(of(day) for day in days), colour, dashed)


def _paths(
    values: Sequence[float | None], x: Callable[[int], float], y: Callable[[float], float]
) -> list[str]:
    """One path for every stretch without a gap."""
    paths: list[list[str]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            paths.append([])
        else:
            mark = "L" if paths[-1] else "M"
            paths[-1].append(f"{mark}{x(place):.1f} {y(value):.1f}")
    # A single point has no line: give it the length of a dot.
    return [" ".join(path if len(path) > 1 else [*path, "h0.1"]) for path in paths if path]


def _colours(count: int) -> list[str]:
    known = (_BLUE, _ORANGE, _GREEN, "#8b4fbf", "#b03060")
    return [known[number % len(known)] for number in range(count)]


def _cpa(day: DayFigures) -> float | None:
    return None if day.cpa is None else _units(day.cpa)


def _units(micros: int) -> float:
    return micros / 1_000_000


def _round_up(value: float) -> float:
    """The next of 1, 2, 2.5, 4, 5, 8, 10 times a power of ten."""
    power = 1e-6
    while power * 10 < value:
        power *= 10
    return next(step * power for step in (1, 2, 2.5, 4, 5, 8, 10, 20) if step * power >= value)
