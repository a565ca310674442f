"""The tabs *Today* and *Pipeline*: formulas over *Jobs*, made once. Pure.

Their formulas name whole columns, which Google adjusts when people move them. The first column of
*Pipeline* is written by the pass: the milestones, and when it last found everything right.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial

from sync.columns import KEY, REP, Column, Whose
from sync.core.batch import Request, below, create_tab, fill, update
from sync.core.cells import Cell, formula, number, readable, text
from sync.core.events import CONTRACT, PAPERS
from sync.core.looks import GRAY, ORANGE, RED, Look, rule, stuck_after, whole
from sync.core.snapshot import PIPELINE, TODAY, Tab
from sync.core.standing import US, Kind
from sync.types import letters

SOURCES = {
    TODAY: (
        *("customer", "phone", "status", "days", "next_action", "waiting_on"),
        *(REP, "notes", "follow_up", "updated", "waiting_at", "kind", KEY),
    ),
    PIPELINE: ("waiting_at", "kind", "days"),
}
"""The columns of *Jobs* that the formulas read."""
CHECKED = f"{PIPELINE} checked"
"""The name of the first column of *Pipeline*, which is written again and again."""
OTHER, DONE, ALL, LAST_CHECKED = "Other", "Done", "All", "Last checked"
_NAME, _BAR = "milestone", "bar"
_ABOUT_OTHER = "Other: jobs that only have milestones outside the order."
_ABOUT_JOBS = (
    "Each job once, at the milestone that it waits for. A job that is done or has a status like "
    "On hold is counted here, and in none of the next four columns."
)
_ABOUT_REVIEW = (
    "Some of these wait on us, because somebody commented, or a change order isn't signed."
)
_ABOUT_READY = "The view of this name in Jobs also has rejected jobs with something to submit."
_ABOUT_TO_DO = "What we have to fill out, upload, resubmit after a cancellation, or have signed."
_column = partial(Column, whose=Whose.THEIRS)
_KINDS = (Kind.REJECTED, Kind.REVIEW, Kind.READY, Kind.TO_DO)
"""Those that *Pipeline* counts, each in the column of that ID."""
_COLUMNS = {
    TODAY: (
        _column("customer", "Customer", 110),
        _column("what", "What to do", 234),
        _column("color", "Color", is_hidden=True),
        _column("name", "Name", is_hidden=True),
        _column("link", "Link", is_hidden=True),
    ),
    PIPELINE: (
        _column(_NAME, "Milestone", 150, number_format="DATE_TIME", note=_ABOUT_OTHER),
        _column("jobs", "Jobs", 60, note=_ABOUT_JOBS),
        _column(Kind.REJECTED, "Rejected", 75, note="Voided contracts are counted here, too."),
        _column(Kind.REVIEW, "Under review", 75, note=_ABOUT_REVIEW),
        _column(Kind.READY, "Ready to submit", 75, note=_ABOUT_READY),
        _column(Kind.TO_DO, "To do", 60, note=_ABOUT_TO_DO),
        _column("median", "Median days", 70),
        _column("stuck", "Stuck", 60, note="Those whose Days are orange in Jobs."),
        _column(_BAR, "", 200),
    ),
}
_ROWS = {TODAY: 2000, PIPELINE: 100}
"""A formula that lists more than there are rows shows an error."""
_NO_ZEROS = {"type": "NUMBER", "pattern": "0;-0;;@"}
_NOBODY, _LINE = "No rep", "\n"
_LATE_HOURS = 26
_TOP, _REP, _REJECTED, _STUCK = "top", "rep", "rejected", "stuck"
"""What a hidden column of *Today* says of the list on top, and of rows that have a color."""


def names(sheet: int) -> tuple[str, str]:
    """Return the names of a tab's looks: the tab itself, and its formulas."""
    return f"{sheet} tab", f"{sheet} formulas"


def lacking(made: Collection[str], jobs: Tab) -> bool:
    """Return whether something of these tabs was never made that can be."""
    return any(
        name not in made
        for sheet, sources in SOURCES.items()
        if {*sources} <= jobs.columns.keys()
        for name in names(sheet)
    )


def looks(
    jobs: Tab, there: Mapping[int, Tab], titles: Mapping[int, str], stuck: int, address: str
) -> Iterator[Look]:
    """Yield the tabs that aren't `there`, with these titles, and the formulas of those that are.

    `address` is that of a job in EverBright, without its ID.
    """
    for sheet, sources in SOURCES.items():
        made, formulas = names(sheet)
        if not {*sources} <= jobs.columns.keys():
            continue
        if sheet not in there:
            yield Look(made, _new_tab(sheet, titles[sheet], jobs))
            continue
        tab = there[sheet]
        if tab.header is not None and {each.id for each in _COLUMNS[sheet]} <= tab.columns.keys():
            today = sheet == TODAY
            found = _today(tab, jobs, stuck, address) if today else _pipeline(tab, jobs, stuck)
            yield Look(formulas, _filled(tab, found))


def labels(milestones: Sequence[str]) -> list[str]:
    """Return the first column of *Pipeline*."""
    return [*milestones, OTHER, DONE, ALL]


def shown_labels(tab: Tab) -> tuple[list[str], float]:
    """Return the first column as the tab shows it, and when everything was right last."""
    first = (tab.header or 0) + 1
    values = [readable(tab.cell(row, _NAME)) for row in range(first, len(tab.rows))]
    if LAST_CHECKED not in values:
        return [], 0.0
    end = values.index(LAST_CHECKED)
    when = tab.cell(first + end + 1, _NAME).get("userEnteredValue", {})
    return values[: max(0, end - 1)], float(when.get("numberValue", 0.0))


def write_labels(tab: Tab, wanted: Sequence[str], when: float) -> list[Request]:
    """Return the request that writes the first column; `when` is 0 if it never was right."""
    if _NAME not in tab.columns or tab.header is None:
        return []
    cells: list[Cell] = [*map(text, wanted), {}, text(LAST_CHECKED), number(when) if when else {}]
    cells += [{}] * (len(shown_labels(tab)[0]) + 3 - len(cells))
    return [update(PIPELINE, tab.header + 1, tab.columns[_NAME], [[cell] for cell in cells])]


def _new_tab(sheet: int, title: str, jobs: Tab) -> list[Request]:
    grid = {"rowCount": _ROWS[sheet], "frozenColumnCount": 0}
    if sheet == TODAY:
        cards = {"sheetId": sheet, "startRowIndex": 1}
        colors = {_STUCK: ORANGE, _REJECTED: RED, _REP: GRAY}
        rules = [
            rule(
                cards,
                "CUSTOM_FORMULA",
                f'=COUNTIF(2:2;"{each}")>0',
                color,
                textFormat={"bold": each == _REP},
            )
            for each, color in colors.items()
        ]
        return [*create_tab(sheet, title, _COLUMNS[sheet], grid, index=jobs.index + 1), *rules]
    numbers = {"sheetId": sheet, "startRowIndex": 1, "startColumnIndex": 1}
    form = {"userEnteredFormat": {"numberFormat": _NO_ZEROS}}
    return [
        *create_tab(sheet, title, _COLUMNS[sheet], grid),
        fill(numbers, form, "userEnteredFormat.numberFormat"),
        rule(below(sheet, 0, 0), "NUMBER_LESS", f"=NOW()-{_LATE_HOURS}/24", RED),
    ]


def _filled(tab: Tab, formulas: Mapping[str, str]) -> list[Request]:
    """Return the requests that write formulas by column: one each in *Today*, else in each row."""
    first = (tab.header or 0) + 1
    end = first + 1 if tab.sheet == TODAY else tab.row_count
    requests = []
    for column, value in formulas.items():
        area = {**below(tab.sheet, first, tab.columns[column]), "endRowIndex": end}
        requests.append(fill(area, formula(f"={value}"), "userEnteredValue"))
    return requests


def _today(tab: Tab, jobs: Tab, stuck: int, address: str) -> dict[str, str]:
    """Return the formulas of *Today*: by rep, jobs that wait on us or whose follow-up is due.

    One makes all columns but the first, which has the names as links. The list of reps is on top
    if there are several. In a rep's part, due follow-ups are first, then what is new since the
    last working day, rejections before comments. If there are no jobs, FILTER is #N/A; any other
    error shows itself.
    """
    column = {each: whole(jobs, each) for each in SOURCES[TODAY]}
    follow_up, days, notes, site = (column[each] for each in ("follow_up", "days", "notes", KEY))
    rejected, reviewed = (f'({column["kind"]}="{kind}")' for kind in (Kind.REJECTED, Kind.REVIEW))
    is_due = f"ISNUMBER({follow_up})*({follow_up}<=TODAY())"
    wanted = f'(({column["waiting_on"]}="{US}")+{is_due})>0'
    who = f"{column['customer']}&{_unless_blank(column['phone'], _LINE)}"
    due = f'IF({is_due};"Follow up"&{_unless_blank(notes, ": ")}&"{_LINE}";"")'
    age = f'IF({days}="";"";", "&{days}&IF({days}=1;" day";" days"))'
    since = "WORKDAY(TODAY();-1)"
    # A second rejection or a comment leaves Days as they are.
    is_said = f"({rejected}+{reviewed})*({column['updated']}>={since})"
    is_new = f"(ISNUMBER({days})*(TODAY()-{days}>={since})+{is_said}>0)"
    status = f'IF({is_new};"New: ";"")&{column["status"]}&{age}'
    what = f"{due}&{status}&{_unless_blank(column['next_action'], _LINE)}"
    is_stuck = _is_stuck(days, column["waiting_at"], stuck)
    color = f'IF({rejected};"{_REJECTED}";IF({is_stuck};"{_STUCK}";""))'
    rep = f'IF({column[REP]}="";"{_NOBODY}";{column[REP]})'
    rank = f"{is_due}*8+{is_new}*(1+{reviewed}+{rejected}*2)"
    head = f'says;IF(counts>0;"{_REP}");names;IF(counts>0;"");names;IF(counts>0;99);counts'
    order = f'reps="{_NOBODY}";TRUE;reps;TRUE;ranks;FALSE;CHOOSECOLS(lines;7);FALSE'
    row = f"places+COUNTA(names)+{(tab.header or 0) + 1}"
    to_rep = f'"#gid={TODAY}&range={letters(tab.columns["customer"])}"&({row})'
    found = (
        f"LET(jobs;FILTER(HSTACK({what};{color};{who};{_unless_blank(site, address)};"
        f"{rep};{rank};{days});{wanted});names;UNIQUE(CHOOSECOLS(jobs;5));"
        "counts;MAP(names;LAMBDA(name;SUMPRODUCT((CHOOSECOLS(jobs;5)=name)*1)));"
        "news;MAP(names;LAMBDA(name;SUMPRODUCT((CHOOSECOLS(jobs;5)=name)"
        "*(CHOOSECOLS(jobs;6)-8*(CHOOSECOLS(jobs;6)>=8)>0))));"
        'says;counts&IF(counts=1;" job";" jobs")&IF(news>0;", "&news&" new";"");'
        f"lines;VSTACK(HSTACK({head});jobs);reps;CHOOSECOLS(lines;5);ranks;CHOOSECOLS(lines;6);"
        f"body;SORT(lines;{order});"
        "places;MAP(names;LAMBDA(name;MATCH(name&99;CHOOSECOLS(body;5)&CHOOSECOLS(body;6);0)));"
        f'top;SORT(HSTACK(says;IF(counts>0;"{_TOP}");names;{to_rep});places;TRUE);'
        "all;VSTACK(top;CHOOSECOLS(body;1;2;3;4));"
        f'FILTER(all;(CHOOSECOLS(all;2)<>"{_TOP}")+(COUNTA(names)>1)))'
    )
    name, link = (
        f"{letters(tab.columns[each])}{(tab.header or 0) + 2}:{letters(tab.columns[each])}"
        for each in ("name", "link")
    )
    return {
        "customer": f'ARRAYFORMULA(IF({link}="";{name};HYPERLINK({link};{name})))',
        "what": f'ARRAYFORMULA(IFNA({found};""))',
    }


def _is_stuck(days: str, waiting_at: str, stuck: int) -> str:
    limit = stuck_after(stuck, f'{waiting_at}="{PAPERS[CONTRACT]}"')
    return f"ISNUMBER({days})*({days}>{limit})"


def _unless_blank(cell: str, before: str) -> str:
    return f'IF({cell}="";"";"{before}"&{cell})'


def _pipeline(tab: Tab, jobs: Tab, stuck: int) -> dict[str, str]:
    """Return the formulas of the first row of *Pipeline*, by column."""
    waiting_at, kind, days = (whole(jobs, each) for each in SOURCES[PIPELINE])
    row, jobs_ = (tab.header or 0) + 2, letters(tab.columns["jobs"])
    name, count = f"${letters(tab.columns[_NAME])}{row}", f"{jobs_}{row}"
    everyone = f'COUNTA({kind})-1-COUNTIF({kind};"{Kind.ARCHIVED}")'  # Without the header.
    here = f'COUNTIFS({waiting_at};{name})+COUNTIFS({waiting_at};"";{kind};{name})'
    is_here = f'(({name}="{ALL}")+({waiting_at}={name})>0)'
    largest = f"LARGE(${jobs_}${row}:${jobs_};2)"
    options = f'VSTACK(HSTACK("charttype";"bar");HSTACK("max";{largest}))'
    found: dict[str, str] = {
        "jobs": f'IF({name}="{ALL}";{everyone};{here})',
        **{each: f'SUMPRODUCT({is_here}*({kind}="{each}"))' for each in _KINDS},
        "median": f'IFERROR(MEDIAN(FILTER({days};{is_here}));"")',
        "stuck": f"SUMPRODUCT({is_here}*{_is_stuck(days, waiting_at, stuck)})",
        _BAR: f'IF({count}>0;SPARKLINE({count};{options});"")',
    }
    return {column: f'IF({name}="";"";{value})' for column, value in found.items()}
