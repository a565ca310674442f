"""Number formats: numbers, dates, percentages and amounts as cells show them.

Dates are serial numbers: days since 1899-12-30, the time of day as the fraction.
"""

import calendar
import re
from datetime import date, datetime, timedelta
from functools import lru_cache

EPOCH = date(1899, 12, 30)
FIRST_DAY = (date.min - EPOCH).days
LAST_DAY = (date.max - EPOCH).days + 1
DEFAULT_PATTERNS = {
    "NUMBER": "#,##0.00",
    "PERCENT": "0.00%",
    "CURRENCY": '"$"#,##0.00',
    "DATE": "M/d/yyyy",
    "TIME": "h:mm:ss AM/PM",
    "DATE_TIME": "M/d/yyyy H:mm:ss",
    "SCIENTIFIC": "0.00E+00",
    "TEXT": "@",
}
DATE_TYPES = ("DATE", "TIME", "DATE_TIME")
TOKEN = re.compile(
    r"""(?P<literal>"[^"]*"|\\.|_.|\*.) | (?P<bracket>\[[^\]]*\])
    | (?P<half>(?i:am/pm|a/p)) | (?P<date>y+|m+|d+|h+|s+|Y+|M+|D+|H+|S+|\.0+(?=[^#0]|$))
    | (?P<digits>[#0?][#0?,]*(?:\.[#0?]+)?|\.[#0?]+) | (?P<exponent>[Ee][+-]0+)
    | (?P<text>@) | (?P<percent>%) | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


def serial(moment: date | datetime) -> int | float:
    """Return a date or a moment (its wall clock) as a serial number."""
    if not isinstance(moment, datetime):
        return (moment - EPOCH).days
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
    return (moment.date() - EPOCH).days + (seconds + moment.microsecond / 1e6) / 86400


def moment_of(number: float) -> datetime:
    """Return the wall clock of a serial number, to the millisecond."""
    day = datetime(1899, 12, 30)  # noqa: DTZ001 - a serial number knows no zone
    return day + timedelta(milliseconds=round(number * 86_400_000))


def general(number: float) -> str:
    """Return a number without a format, as Sheets shows it: up to ten digits."""
    if abs(number) < 1e15 and number == int(number):
        return str(int(number))
    text = f"{number:.10g}"
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    return f"{mantissa}E{exponent[0]}{exponent[1:].lstrip('0').zfill(2)}"


@lru_cache(maxsize=256)
def _sections(pattern: str) -> list[list[tuple[str, str]]]:
    sections: list[list[tuple[str, str]]] = [[]]
    for found in TOKEN.finditer(pattern):
        kind, text = str(found.lastgroup), found[0]
        if kind == "other" and text == ";":
            sections.append([])
        else:
            sections[-1].append((kind, text))
    return sections


def is_date(pattern: str) -> bool:
    """Return whether the pattern shows a date or a time."""
    return any(kind == "date" and text[0] != "." for kind, text in _sections(pattern)[0])


def render(number: float, kind: str, pattern: str | None) -> str:
    """Return a number in a format's pattern, or in its type's own."""
    pattern = pattern or DEFAULT_PATTERNS.get(kind)
    if not pattern or pattern.lower() == "general":
        return general(number)
    sections = _sections(pattern)
    if is_date(pattern) and FIRST_DAY <= number < LAST_DAY:
        return _render_date(number, sections[0])
    return _render_number(number, sections)


def render_text(text: str, pattern: str | None) -> str:
    """Return a text in its cell's pattern: the section with `@`."""
    if not pattern or "@" not in pattern:
        return text
    tokens = next((one for one in reversed(_sections(pattern)) if ("text", "@") in one), [])
    return "".join(text if kind == "text" else _literal(kind, shown) for kind, shown in tokens)


def _literal(kind: str, text: str) -> str:
    if kind == "literal":
        return {'"': text[1:-1], "\\": text[1:], "_": " "}.get(text[0], "")
    if kind == "bracket":
        return text[2:-1].split("-")[0] if text.startswith("[$") else ""
    return text


def _render_number(number: float, sections: list[list[tuple[str, str]]]) -> str:
    tokens = sections[0]
    if number < 0 and len(sections) > 1:
        tokens, number = sections[1], -number
    elif number == 0 and len(sections) > 2:
        tokens = sections[2]
    sign = "-" if number < 0 else ""
    number = abs(number)
    for kind, _ in tokens:
        if kind == "percent":
            number *= 100
    exponent = next((text for kind, text in tokens if kind == "exponent"), None)
    parts = []
    for kind, text in tokens:
        if kind == "digits":
            parts.append(_digits(number, text, exponent))
        elif kind == "text":
            parts.append(general(number))
        elif kind != "exponent":
            parts.append(_literal(kind, text))
    shown = "".join(parts)
    return sign + shown if re.search(r"[1-9]", shown) else shown


def _digits(number: float, pattern: str, exponent: str | None) -> str:
    whole, _, fraction = pattern.partition(".")
    if exponent:
        mantissa, power = f"{number:.{len(fraction)}e}".split("e")
        return f"{mantissa}E{power[0]}{power[1:].lstrip('0').zfill(len(exponent) - 2)}"
    text = f"{number:.{len(fraction)}f}"
    integer, _, decimals = text.partition(".")
    least = sum(1 for letter in fraction if letter == "0")
    decimals = decimals[:least] + decimals[least:].rstrip("0")
    integer = integer.lstrip("0").zfill(whole.count("0"))
    if "," in whole and integer:
        integer = f"{int(integer):,}".rjust(len(integer), "0") if integer.strip("0") else integer
    return integer + ("." + decimals if decimals else "")


def _render_date(number: float, tokens: list[tuple[str, str]]) -> str:
    moment = moment_of(number)
    half = any(kind == "half" for kind, _ in tokens)
    shown = []
    for index, (kind, text) in enumerate(tokens):
        if kind == "half":
            shown.append("AM" if moment.hour < 12 else "PM")
        elif kind == "bracket" and text[1:-1].lower().strip("h") == "":
            shown.append(str(int(number * 24 + 1e-9)).zfill(len(text) - 2))
        elif kind == "date":
            shown.append(_date_part(moment, text, minutes=_is_minutes(tokens, index), half=half))
        else:
            shown.append(_literal(kind, text))
    return "".join(shown)


def _is_minutes(tokens: list[tuple[str, str]], index: int) -> bool:
    """Return whether an `m` means minutes: after hours or before seconds."""
    if tokens[index][1][0] not in "mM":
        return False
    before = [text for kind, text in tokens[:index] if kind in ("date", "bracket")]
    after = [text for kind, text in tokens[index + 1 :] if kind == "date"]
    return bool((before and before[-1].strip("[")[0] in "hH") or (after and after[0][0] in "sS"))


def _date_part(moment: datetime, text: str, *, minutes: bool, half: bool) -> str:
    letter, size = text[0].lower(), len(text)
    if letter == ".":
        return f".{moment.microsecond:06d}"[:size]
    if letter == "y":
        return f"{moment.year:04d}" if size > 2 else f"{moment.year % 100:02d}"
    if letter == "m" and not minutes and size > 2:
        name = calendar.month_name[moment.month]
        return {3: name[:3], 5: name[0]}.get(size, name)
    if letter == "d" and size > 2:
        name = calendar.day_name[moment.weekday()]
        return name[:3] if size == 3 else name
    number = {
        "m": moment.minute if minutes else moment.month,
        "d": moment.day,
        "h": (moment.hour - 1) % 12 + 1 if half else moment.hour,
        "s": moment.second,
    }[letter]
    return str(number).zfill(min(size, 2))
