"""How *Jobs* and *History* look: colors, filter views and drop-downs, each made once. Pure.

Rules read the columns *Kind*, *Waiting on* and *Waiting at*, never the words of *Status*. They find
them by their headers, among others of the same name: formulas of rules may stay as they are when
people move a column. Arguments are separated by semicolons, which work in every locale.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.columns import KEY, REP, STATUS
from sync.core.batch import Request, below
from sync.core.cells import Cell, formula, readable
from sync.core.events import CONTRACT, PAPERS
from sync.core.snapshot import JOBS, Tab, guard_id
from sync.core.standing import EVERBRIGHT, PAPER_STATUSES, US, Kind, sign
from sync.settings.config_file import Config, Meaning
from sync.types import letters

RED, _YELLOW, _BLUE = "#f4c7c3", "#fff2cc", "#cfe2f3"
_GREEN, ORANGE, GRAY = "#d9ead3", "#f9cb9c", "#e0e0e0"
CONTRACT_DAYS = 3
_UNSIGNED = f"(?m)^({'|'.join(map(sign, PAPERS.values()))})$"
_SUBMIT = "(?m)^Submit "
"""Lines of *Next action*."""
_OF_REP = "'s jobs"
_OPEN_JOBS = 3
"""A rep gets a view with so many open jobs."""
_OLDEST = ("days", "DESCENDING")
_RULES = {"status": ("kind", "waiting_on"), "days": ("waiting_at",)}
"""The columns that the rules of another one read."""


@dataclass(frozen=True)
class Look:
    """A part of how a tab looks. The name begins with the tab's sheet ID."""

    name: str
    requests: list[Request]
    view: int = 0
    """The ID of the filter view that it makes."""


def stuck_after(days: int, is_contract: str) -> str:
    """Return the formula of the days after which a job is stuck, at the contract or elsewhere."""
    return f"IF({is_contract};{min(days, CONTRACT_DAYS)};{days})"


def of_jobs(tab: Tab, config: Config, stuck: int) -> Iterator[Look]:
    """Yield how *Jobs* looks: whatever its columns allow."""
    for column in tab.columns:
        if rules := _colors(tab, column, config, stuck):
            yield Look(f"{JOBS} colors {column}", rules)
    for column in (REP, "follow_up"):
        if column in tab.columns:
            yield Look(f"{JOBS} choices {column}", [_choices(tab, column)])
    for title, (criteria, sorts) in _views(tab, stuck).items():
        if criteria.keys() <= tab.columns.keys():
            yield _view(tab, title, criteria, sorts)


def of_reps(tab: Tab, open_sites: Iterable[str]) -> Iterator[Look]:
    """Yield a view for each rep with enough open jobs."""
    reps = Counter[str]()
    sites = {*open_sites}
    for row in range((tab.header or 0) + 1, len(tab.rows)):
        if tab.key(row) in sites:
            reps[readable(tab.cell(row, REP)).strip()] += 1
    closed = {"hiddenValues": [Kind.DONE, Kind.ARCHIVED]}
    for rep, count in sorted(reps.items()):
        if rep and count >= _OPEN_JOBS and {"kind", REP} <= tab.columns.keys():
            criteria = {REP: _condition("TEXT_EQ", rep), "kind": closed}
            sorts = (("waiting_on", "DESCENDING"), _OLDEST)
            yield _view(tab, f"{rep}{_OF_REP}", criteria, sorts)


def of_history(tab: Tab, config: Config) -> Iterator[Look]:
    if "to" in tab.columns:
        yield Look(f"{tab.sheet} colors to", _colors(tab, "to", config, 0))
    if "received" in tab.columns:
        since = _condition("DATE_AFTER", "=WORKDAY(TODAY();-1)-1")
        sorts = ((REP, "ASCENDING"), ("received", "DESCENDING"))
        yield _view(tab, "Since the last working day", {"received": since}, sorts)


def views(names: Iterable[str]) -> dict[str, str]:
    """Return where the reps' views are in the sheet's address, by title, of looks by their names.

    Source: the address that Google Sheets shows when a filter view is open.
    """
    titles = (name.removeprefix(f"{JOBS} view ") for name in sorted(names))
    return {t: f"#gid={JOBS}&fvid={view_id(JOBS, t)}" for t in titles if t.endswith(_OF_REP)}


def view_id(sheet: int, title: str) -> int:
    """Return the ID of a view of ours."""
    return guard_id(sheet, f"view {title}")


def rep_of_line(jobs: Tab, history: Tab, row: int) -> Cell:
    """Return the formula that finds the rep of a line of *History* in *Jobs*."""
    if not {KEY, REP} <= jobs.columns.keys() or KEY not in history.columns:
        return {}
    key = f"{letters(history.columns[KEY])}{row + 1}"
    found = f"INDEX({whole(jobs, REP)};MATCH({key};{whole(jobs, KEY)};0))"
    return formula(f'=IFERROR({found}&"";"")')


def whole(tab: Tab, column: str) -> str:
    """Return the reference of a whole column: rows that are inserted anywhere are in it."""
    name, title = letters(tab.columns[column]), tab.title.replace("'", "''")
    return f"'{title}'!${name}:${name}"


def color(text: str) -> Request:
    """Return #rrggbb as Google's ColorStyle."""
    shares = zip(("red", "green", "blue"), bytes.fromhex(text[1:]), strict=True)
    return {"rgbColor": {name: round(share / 255, 4) for name, share in shares}}


def rule(
    area: Mapping[str, int], kind: str, value: str, background: str, **more: Request
) -> Request:
    """Return the request that colors the cells for which a condition holds, or formats them `more`.

    It comes before the rules that are there.
    """
    form = {"backgroundColorStyle": color(background), **more}
    boolean = {**_condition(kind, value), "format": form}
    return {"addConditionalFormatRule": {"rule": {"ranges": [area], "booleanRule": boolean}}}


def _colors(tab: Tab, column: str, config: Config, stuck: int) -> list[Request]:
    """Return the rules of a column; the last one is the first that Google asks."""
    tests: list[tuple[str, str, str]] = []
    if not {*_RULES.get(column, ())} <= tab.columns.keys():
        return []
    if column == "status":
        asked = [
            ("waiting_on", EVERBRIGHT, _BLUE),
            ("waiting_on", US, _YELLOW),
            ("kind", Kind.DONE, GRAY),
            ("kind", Kind.ARCHIVED, GRAY),
            ("kind", Kind.REJECTED, RED),
        ]
        tests = [
            ("CUSTOM_FORMULA", f"={_has(tab, name, text)}", shade) for name, text, shade in asked
        ]
    elif column == "days":
        tests = [("CUSTOM_FORMULA", _is_stuck(tab, stuck), ORANGE)]
    elif column.startswith(STATUS) or column == "to":
        colors = {Meaning.APPROVED: _GREEN, Meaning.REJECTED: RED, Meaning.WAITING: _BLUE}
        tests = [
            ("TEXT_STARTS_WITH", label, background)
            for means, background in colors.items()
            for label in _labels(config, means)
        ]
    return [rule(below(tab.sheet, 0, tab.columns[column]), *test) for test in tests]


def _labels(config: Config, means: Meaning) -> list[str]:
    """Return what the cells of milestones begin with if they mean something."""
    named = [each.label for each in config.statuses.values() if each.means is means]
    papers = [label for label, meaning in PAPER_STATUSES.values() if meaning is means]
    rejected = ["Rejected"] if means is Meaning.REJECTED else []
    return [*dict.fromkeys((*named, *papers, *rejected))]


def _header(tab: Tab, column: str) -> tuple[str, str]:
    """Return the header of a column as a formula's text, and the reference of its row."""
    header = tab.header or 0
    title = readable(tab.cell(header, column)).replace('"', '""')
    return f'"{title}"', f"${header + 1}:${header + 1}"


def _in_row(tab: Tab, column: str, row: int = 1) -> str:
    """Return the formula of a column's cell in the first row of a range; the others follow."""
    title, headers = _header(tab, column)
    return f"INDEX({row}:{row};MATCH({title};{headers};0))"


def _has(tab: Tab, column: str, text: str, row: int = 1) -> str:
    """Return the formula that asks for a text below a header, which people's columns may have."""
    title, headers = _header(tab, column)
    return f'COUNTIFS({headers};{title};{row}:{row};"{text}")>0'


def _is_stuck(tab: Tab, stuck: int, row: int = 1) -> str:
    days = _in_row(tab, "days", row)
    limit = stuck_after(stuck, _has(tab, "waiting_at", PAPERS[CONTRACT], row))
    return f"=AND(ISNUMBER({days});{days}>{limit})"


def _choices(tab: Tab, column: str) -> Request:
    """Return the request for a drop-down of the reps or a calendar; both take other text."""
    area = below(tab.sheet, (tab.header or 0) + 1, tab.columns[column])
    reps = _condition("ONE_OF_RANGE", f"={whole(tab, column)}")
    asked = reps if column == REP else {"condition": {"type": "DATE_IS_VALID"}}
    choices = {**asked, "strict": False, "showCustomUi": True}
    return {"setDataValidation": {"range": area, "rule": choices}}


def _views(tab: Tab, stuck: int) -> Mapping[str, tuple[dict[str, Any], Sequence[tuple[str, str]]]]:
    """Return the criteria of views by column, and their sorts, by title."""
    first, formulas = (tab.header or 0) + 2, dict[str, tuple[str, str]]()
    by_rep = ((REP, "ASCENDING"), _OLDEST)
    if "next_action" in tab.columns:
        action = _in_row(tab, "next_action", first)
        formulas["Ready to submit"] = ("next_action", f'=REGEXMATCH({action};"{_SUBMIT}")')
        formulas["Not signed"] = ("next_action", f'=REGEXMATCH({action};"{_UNSIGNED}")')
    if {"days", "waiting_at"} <= tab.columns.keys():
        formulas["Stuck"] = ("days", _is_stuck(tab, stuck, first))
    return {
        "Needs us": ({"waiting_on": _condition("TEXT_EQ", US)}, (_OLDEST,)),
        "Rejected": ({"kind": _condition("TEXT_EQ", Kind.REJECTED)}, by_rep),
        **{
            title: ({column: _condition("CUSTOM_FORMULA", formula)}, by_rep)
            for title, (column, formula) in formulas.items()
        },
        "Follow up today": (
            {"follow_up": _condition("DATE_BEFORE", "=TODAY()+1")},
            (("follow_up", "ASCENDING"), _OLDEST),
        ),
        "Done": ({"kind": _condition("TEXT_EQ", Kind.DONE)}, (("updated", "DESCENDING"),)),
    }


def _condition(kind: str, value: str) -> Request:
    return {"condition": {"type": kind, "values": [{"userEnteredValue": value}]}}


def _view(
    tab: Tab, title: str, criteria: Mapping[str, Any], sorts: Sequence[tuple[str, str]]
) -> Look:
    view: dict[str, Any] = {
        "filterViewId": view_id(tab.sheet, title),
        "title": title,
        "range": {"sheetId": tab.sheet, "startRowIndex": tab.header or 0, "startColumnIndex": 0},
        "filterSpecs": [
            {"columnIndex": tab.columns[column], "filterCriteria": wanted}
            for column, wanted in criteria.items()
        ],
        "sortSpecs": [
            {"dimensionIndex": tab.columns[column], "sortOrder": order}
            for column, order in sorts
            if column in tab.columns
        ],
    }
    name = f"{tab.sheet} view {title}"
    return Look(name, [{"addFilterView": {"filter": view}}], view["filterViewId"])
