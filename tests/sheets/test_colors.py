"""The colors of the sheet: every text on them can be read, by color-blind people, too."""

from itertools import combinations

import pytest

from sync.jobs.columns import every_tint
from sync.settings.config_file import load_config
from sync.sheets.tabs import formatting, pipeline
from tests.made_up import DEMO_CONFIG

CONFIG = load_config(DEMO_CONFIG)
TEXT = "#000000"
READABLE = 4.5
"""The least contrast of text (WCAG 2.2, level AA)."""
DISTINCT = 15
"""The least difference of two colors beside each other, in CIE Lab; one sees 2."""
SEEN_BY = {
    "everybody": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopes": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopes": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopes": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
"""How linear red, green and blue are seen (Machado, Oliveira and Fernandes, 2009)."""


def linear(color: str) -> list[float]:
    shares = [part / 255 for part in bytes.fromhex(color[1:])]
    return [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]


def luminance(color: str) -> float:
    red, green, blue = linear(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def seen(color: str, who: str) -> tuple[float, float, float]:
    """Return how somebody sees a color, in CIE Lab."""
    rgb = linear(color)
    red, green, blue = (
        min(1.0, max(0.0, sum(share * part for share, part in zip(row, rgb, strict=True))))
        for row in SEEN_BY[who]
    )
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def difference(one: str, other: str, who: str) -> float:
    pairs = zip(seen(one, who), seen(other, who), strict=True)
    return float(sum((a - b) ** 2 for a, b in pairs) ** 0.5)


def test_every_text_can_be_read() -> None:
    tints = {tint.color for tint in every_tint(CONFIG, 14)}
    pairs = [(TEXT, color) for color in tints]
    pairs += [(TEXT, status.color) for status in CONFIG.statuses.values() if status.color]
    pairs += [(TEXT, pipeline._RED)]
    pairs += [(color, formatting._GRAY) for color in formatting._grayed(CONFIG).values()]
    assert len(pairs) > 10
    assert [pair for pair in pairs if contrast(*pair) < READABLE] == []


@pytest.mark.parametrize("who", SEEN_BY)
def test_rejected_can_be_told_from_every_other_status(who: str) -> None:
    colors = {code: status.color for code, status in CONFIG.statuses.items() if status.color}
    rejected = colors.pop("REJECTED")
    near = {code for code, color in colors.items() if difference(rejected, color, who) < DISTINCT}
    assert near == set()


@pytest.mark.parametrize("who", SEEN_BY)
def test_the_bars_of_the_chart_can_be_told_apart(who: str) -> None:
    first = {
        means: next(s.color for s in CONFIG.statuses.values() if s.color and s.means == means)
        for means in pipeline._COLORS.values()
    }
    bars = [pipeline._stronger(color) for color in first.values()]
    assert all(difference(*pair, who) >= DISTINCT for pair in combinations(bars, 2))
