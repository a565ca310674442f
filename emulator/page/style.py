"""Google's formats as CSS. No I/O."""

from typing import Any

from emulator.sheets.styles import THEME_COLOURS

Json = dict[str, Any]

HORIZONTAL = {"LEFT": "left", "CENTER": "center", "RIGHT": "right"}


def color(holder: Json, name: str) -> str | None:
    """Return a colour of a format as `#rrggbb`, preferably its `...Style`, or None."""
    styled = holder.get(f"{name}Style", {})
    rgb = styled.get("rgbColor", holder.get(name))
    if "themeColor" in styled:
        rgb = THEME_COLOURS.get(styled["themeColor"])
    if rgb is None:
        return None
    parts = (round(255 * float(rgb.get(each, 0))) for each in ("red", "green", "blue"))
    return "#" + "".join(f"{max(0, min(255, part)):02x}" for part in parts)


def text(style: Json) -> list[str]:
    """Return a TextFormat's declarations where they differ from the page's own."""
    found = []
    shown = color(style, "foregroundColor")
    if shown not in (None, "#000000"):
        found.append(f"color:{shown}")
    if style.get("bold"):
        found.append("font-weight:bold")
    if style.get("italic"):
        found.append("font-style:italic")
    lines = [
        css
        for name, css in (("strikethrough", "line-through"), ("underline", "underline"))
        if style.get(name)
    ]
    if lines:
        found.append(f"text-decoration:{' '.join(lines)}")
    if style.get("fontSize", 10) != 10:
        found.append(f"font-size:{int(style['fontSize'])}pt")
    return found


def background(style: Json) -> str | None:
    """Return a CellFormat's background, None where it is white."""
    shown = color(style, "backgroundColor")
    return None if shown == "#ffffff" else shown


def alignment(style: Json, value: Json) -> str:
    """Return `left`, `center` or `right`, from the format or by the kind of value."""
    given = HORIZONTAL.get(style.get("horizontalAlignment", ""))
    if given is not None:
        return given
    if "numberValue" in value:
        return "right"
    return "center" if {"boolValue", "errorValue"} & value.keys() else "left"
