"""Elements of an SVG, everything escaped, and how much room a text takes. No I/O."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import escape

FONT = "Roboto, Arial, 'Liberation Sans', sans-serif"
INK, SOFT, LINE, AXIS = "#202124", "#5f6368", "#e3e5e8", "#9aa0a6"
SIZE = 12
NARROW, WIDE = frozenset("iljtfrI.,;:'|!()[] "), frozenset("mwMW@%")


class Room(NamedTuple):
    """What is still free of the drawing, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Never negative, whatever was taken away."""
        return max(0.0, self.right - self.left)

    @property
    def height(self) -> float:
        """Never negative, whatever was taken away."""
        return max(0.0, self.bottom - self.top)

    def less(self, left: float = 0, top: float = 0, right: float = 0, bottom: float = 0) -> Room:
        """What is left when this much is taken from each side."""
        return Room(self.left + left, self.top + top, self.right - right, self.bottom - bottom)


def element(name: str, inner: str = "", **attributes: str | float | None) -> str:
    """An element; `inner` is SVG already, the attributes are not. `_` stands for `-`."""
    said = "".join(
        f' {key.strip("_").replace("_", "-")}="{_number(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{said}>{inner}</{name}>" if inner else f"<{name}{said}/>"


def _number(value: str | float) -> str:
    if isinstance(value, str):
        return str(escape(value))
    return f"{value:.2f}".rstrip("0").rstrip(".")


def text(
    x: float,
    y: float,
    said: str,
    *,
    size: float = SIZE,
    anchor: str = "start",
    fill: str = SOFT,
    weight: str | None = None,
    slant: str | None = None,
    turn: float | None = None,
) -> str:
    """A line of text whose baseline starts, ends or has its middle at a point."""
    return element(
        "text",
        str(escape(said)),
        x=x,
        y=y,
        font_size=size,
        text_anchor=None if anchor == "start" else anchor,
        fill=fill,
        font_weight=weight,
        font_style=slant,
        transform=None if turn is None else f"rotate({turn:g} {x:.1f} {y:.1f})",
    )


def line(one: tuple[float, float], other: tuple[float, float], stroke: str) -> str:
    """A straight line one pixel thick."""
    return element("line", x1=one[0], y1=one[1], x2=other[0], y2=other[1], stroke=stroke)


def named(shape: str, said: str) -> str:
    """A shape that says something when it is pointed at."""
    return element("g", shape + element("title", str(escape(said))))


def wide(said: str, size: float = SIZE) -> float:
    """About as wide as the text is drawn: the server has no fonts to measure it by."""
    return (
        sum(
            0.3 if one in NARROW else 0.88 if one in WIDE else 0.66 if one.isupper() else 0.55
            for one in said
        )
        * size
    )


def clipped(said: str, room: float, size: float = SIZE) -> str:
    """The text, or its beginning and an ellipsis where it takes more than the room."""
    if wide(said, size) <= room:
        return said
    while said and wide(said + "…", size) > room:
        said = said[:-1]
    return said.rstrip() + "…"


def wrapped(said: str, room: float, most: int, size: float = SIZE) -> list[str]:
    """The text in at most so many lines, broken between words, the last one clipped."""
    lines: list[str] = []
    words = said.split()
    while words:
        now = words.pop(0)
        while words and wide(f"{now} {words[0]}", size) <= room:
            now += " " + words.pop(0)
        if len(lines) == most - 1:
            now = " ".join([now, *words])
            words = []
        lines.append(clipped(now, room, size))
    return lines or [""]
