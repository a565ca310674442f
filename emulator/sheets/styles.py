"""Cell formats: both forms of colors, and masked changes."""

from typing import Any

from emulator import masks
from emulator.sheets.grid import Json

WHITE = {"red": 1, "green": 1, "blue": 1}
LINK_COLOR = {"red": 0.06666667, "green": 0.33333334, "blue": 0.8}

DEFAULT_FORMAT: Json = {
    "backgroundColor": WHITE,
    "padding": {"top": 2, "right": 3, "bottom": 2, "left": 3},
    "verticalAlignment": "BOTTOM",
    "wrapStrategy": "OVERFLOW_CELL",
    "textFormat": {
        "foregroundColor": {},
        "fontFamily": "arial,sans,sans-serif",
        "fontSize": 10,
        "bold": False,
        "italic": False,
        "strikethrough": False,
        "underline": False,
        "foregroundColorStyle": {"rgbColor": {}},
    },
    "backgroundColorStyle": {"rgbColor": WHITE},
}
THEME: Json = {
    "primaryFontFamily": "Arial",
    "themeColors": [
        {"colorType": kind, "color": {"rgbColor": color}}
        for kind, color in (
            ("TEXT", {}),
            ("BACKGROUND", WHITE),
            ("ACCENT1", {"red": 0.25882354, "green": 0.52156866, "blue": 0.95686275}),
            ("ACCENT2", {"red": 0.91764706, "green": 0.2627451, "blue": 0.20784314}),
            ("ACCENT3", {"red": 0.9843137, "green": 0.7372549, "blue": 0.015686275}),
            ("ACCENT4", {"red": 0.20392157, "green": 0.65882355, "blue": 0.3254902}),
            ("ACCENT5", {"red": 1, "green": 0.42745098, "blue": 0.003921569}),
            ("ACCENT6", {"red": 0.27450982, "green": 0.7411765, "blue": 0.7764706}),
            ("LINK", LINK_COLOR),
        )
    ],
}
THEME_COLORS = {one["colorType"]: one["color"]["rgbColor"] for one in THEME["themeColors"]}


def with_colors(value: Any) -> Any:
    """Return a format or rule with each color as `xColor` and `xColorStyle`, as Google does.

    Where both are given the style counts; components of 0 are left out.
    """
    if isinstance(value, list):
        return [with_colors(one) for one in value]
    if not isinstance(value, dict):
        return value
    found: Json = {}
    for name, item in value.items():
        plain = name.removesuffix("Style")
        if not plain.endswith(("Color", "color")):
            found[name] = with_colors(item)
        elif name != plain:
            found[name] = _style(item)
            found[plain] = _rgb(found[name])
        elif name + "Style" not in value:
            color = _components(item)
            found[name], found[name + "Style"] = color, {"rgbColor": color}
    return found


def _components(color: Json) -> Json:
    return {name: part for name, part in color.items() if part}


def _style(style: Json) -> Json:
    return {"rgbColor": _components(style["rgbColor"])} if "rgbColor" in style else dict(style)


def _rgb(style: Json) -> Json:
    rgb: Json = style.get("rgbColor") or THEME_COLORS.get(style.get("themeColor", ""), {})
    return rgb


def changed(old: Json | None, new: Json | None, mask: masks.Mask | None) -> Json | None:
    """Return the format after an update: what the mask names comes from `new`."""
    new = with_colors(new or {})
    if mask is None:
        return new or None
    found = dict(old or {})
    for name, below in mask.items():
        if name == "*":
            return changed(None, new, None)
        plain = name.removesuffix("Style")
        if plain.endswith(("Color", "color")):
            _take(found, new, plain)
            _take(found, new, plain + "Style")
        elif below is None or not isinstance(found.get(name, {}), dict):
            _take(found, new, name)
        else:
            inner = changed(found.get(name), new.get(name), below)
            found[name] = inner
            if not inner:
                del found[name]
    return found or None


def _take(found: Json, new: Json, name: str) -> None:
    if name in new:
        found[name] = new[name]
    else:
        found.pop(name, None)


def merged(base: Json, over: Json | None) -> Json:
    """Return `base` overlaid with `over`, deep."""
    if not over:
        return base
    found = dict(base)
    for name, item in over.items():
        below = found.get(name)
        if isinstance(item, dict) and isinstance(below, dict) and not _is_color(name):
            item = merged(below, item)
        found[name] = item
    return found


def _is_color(name: str) -> bool:
    return name.removesuffix("Style").endswith(("Color", "color"))


def runs(given: list[Json]) -> list[Json]:
    """Return text runs as Google stores them: in order, links colored and underlined."""
    found = []
    for run in sorted(given, key=lambda one: one.get("startIndex", 0)):
        style = with_colors(run.get("format", {}))
        if "link" in style:
            color = {
                "foregroundColor": LINK_COLOR,
                "foregroundColorStyle": {"themeColor": "LINK"},
            }
            style = ({} if "foregroundColor" in style else color) | {"underline": True} | style
        stored: Json = {"startIndex": run["startIndex"]} if run.get("startIndex") else {}
        found.append(stored | {"format": style})
    return found
