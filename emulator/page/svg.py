"""Elements of an SVG, everything escaped, and an estimate of how wide a text is. No I/O."""

from markupsafe import escape

FONT = "Roboto, Arial, 'Liberation Sans', sans-serif"
SIZE = 12
NARROW, WIDE = frozenset("iljtfrI.,;:'|!()[] "), frozenset("mwMW@%")


def element(name: str, inner: str = "", **attributes: str | float) -> str:
    """Return an element; `inner` is SVG already. `_` in an attribute's name stands for `-`."""
    given = "".join(
        f' {key.replace("_", "-")}="{_value(value)}"' for key, value in attributes.items()
    )
    return f"<{name}{given}>{inner}</{name}>" if inner else f"<{name}{given}/>"


def _value(value: str | float) -> str:
    if isinstance(value, str):
        return str(escape(value))
    return f"{value:.2f}".rstrip("0").rstrip(".")


def text(x: float, y: float, content: str, anchor: str = "start", **attributes: str | float) -> str:
    """Return a line of text whose baseline starts, ends or has its middle at a point."""
    attributes = {"font_size": SIZE, "fill": "#5f6368", **attributes}
    return element("text", str(escape(content)), x=x, y=y, text_anchor=anchor, **attributes)


def titled(shape: str, title: str) -> str:
    """Return a shape that shows a title when it is pointed at."""
    return element("g", shape + element("title", str(escape(title))))


def width(content: str, size: float = SIZE) -> float:
    """Return about how wide a text is in pixels: the server has no fonts to measure it by."""
    return size * sum(
        0.3 if one in NARROW else 0.88 if one in WIDE else 0.66 if one.isupper() else 0.55
        for one in content
    )


def clipped(content: str, room: float, size: float = SIZE) -> str:
    """Return the text, or its beginning and an ellipsis where it is wider than the room."""
    if width(content, size) <= room:
        return content
    while content and width(content + "…", size) > room:
        content = content[:-1]
    return content.rstrip() + "…"
