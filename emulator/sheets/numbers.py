"""Number formats: numbers, dates, percentages and amounts as cells show them.

Dates are serial numbers: days since 1899-12-30, the time of day as the fraction.
"""

import re
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache

EPOCH = date(1899, 12, 30)
_WIDE = Context(prec=400)
"""Any float has its digits in it."""
FIRST_DAY = (date.min - EPOCH).days
LAST_DAY = (date.max - EPOCH).days + 1
DEFAULT_PATTERNS = {
    "NUMBER": "#,##0.00",
    "DATE": "M/d/yyyy",
    "DATE_TIME": "M/d/yyyy H:mm:ss",
}
DATE_TYPES = ("DATE", "TIME", "DATE_TIME")
TOKEN = re.compile(
    r"""(?P<literal>"[^"]*") | (?P<half>(?i:am/pm)) | (?P<date>y+|(?i:mm?(?!m)|dd?(?!d)|hh?|ss?))
    | (?P<digits>[#0][#0,]*(?:\.0+)?(?![.#0])) | (?P<text>@) | (?P<next>;)
    | (?P<other>[-$%/:.,() ])""",
    re.VERBOSE,
)


def is_supported(pattern: str) -> bool:
    """Return whether the pattern can be rendered."""
    return TOKEN.sub("", pattern) == ""


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
        if found["next"]:
            sections.append([])
        else:
            sections[-1].append((str(found.lastgroup), found[0]))
    return sections


def is_date(pattern: str) -> bool:
    """Return whether the pattern shows a date or a time."""
    return any(kind == "date" for kind, _ in _sections(pattern)[0])


def render(number: float, kind: str, pattern: str | None) -> str:
    """Return a number in a format's pattern, or in its type's own."""
    pattern = pattern or DEFAULT_PATTERNS.get(kind)
    if not pattern:
        return general(number)
    sections = _sections(pattern)
    if is_date(pattern) and FIRST_DAY <= number < LAST_DAY:
        return _render_date(moment_of(number), sections[0])
    return _render_number(number, sections)


def render_text(text: str, pattern: str | None) -> str:
    """Return a text in its cell's pattern: the section with `@`."""
    if not pattern or "@" not in pattern:
        return text
    tokens = next((one for one in reversed(_sections(pattern)) if ("text", "@") in one), [])
    return "".join(text if kind == "text" else shown.strip('"') for kind, shown in tokens)


def _render_number(number: float, sections: list[list[tuple[str, str]]]) -> str:
    tokens = sections[0]
    if number < 0 and len(sections) > 1:
        tokens, number = sections[1], -number
    elif number == 0 and len(sections) > 2:
        tokens = sections[2]
    if ("other", "%") in tokens:
        number *= 100
    shown = "".join(
        _digits(abs(number), text)
        if kind == "digits"
        else general(abs(number))
        if kind == "text"
        else text.strip('"')
        for kind, text in tokens
    )
    return f"-{shown}" if number < 0 and re.search(r"[1-9]", shown) else shown


def _digits(number: float, pattern: str) -> str:
    whole, _, fraction = pattern.partition(".")
    comma = "," if "," in whole else ""
    places = Decimal(1).scaleb(-len(fraction))
    rounded = Decimal(repr(number)).quantize(places, ROUND_HALF_UP, _WIDE)
    integer, dot, decimals = f"{rounded:{comma}f}".partition(".")
    return integer.removeprefix("0").rjust(whole.count("0"), "0") + dot + decimals


def _render_date(moment: datetime, tokens: list[tuple[str, str]]) -> str:
    half = any(kind == "half" for kind, _ in tokens)
    hour = (moment.hour - 1) % 12 + 1 if half else moment.hour
    numbers = {"d": moment.day, "h": hour, "s": moment.second}
    shown, is_time = [], False
    for kind, text in tokens:
        letter = text[0].lower()
        if kind == "half":
            shown.append("AM" if moment.hour < 12 else "PM")
        elif kind != "date":
            shown.append(text.strip('"'))
        elif letter == "y":
            shown.append(str(moment.year if len(text) > 2 else moment.year % 100).zfill(2))
        else:
            # An `m` after hours is of minutes.
            number = moment.minute if is_time else moment.month
            shown.append(str(numbers.get(letter, number)).zfill(len(text)))
            is_time = letter in "hs" or (is_time and letter == "m")
    return "".join(shown)
