"""Proposes a field for each column of a tab, with the reason. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sync.boards.mapping import content
from sync.boards.mapping.content import ColumnContent
from sync.boards.mapping.fields import Field, Fields
from sync.boards.mapping.fit_options import fit_options
from sync.boards.mapping.progress import ProgressRules
from sync.boards.mapping.recognize import DATED, ColumnMatch, Rank, Recognizer
from sync.boards.mapping.tab import SeenCell, SeenTab
from sync.boards.mapping.vocabulary import plain
from sync.field_table import FieldKind
from sync.jobs.progress import PROGRESS
from sync.types import letters

_SAMPLES = 3
_STATUSES = 2
"""Values for statuses that a column must have: one alone may be anything's."""
_REP = "rep"
_WHOLE_JOB = ("stage", "status", "current_milestone")
"""Fields whose headers people also use for a column about the whole job."""
_INITIALS = re.compile(r"(?:[A-Z]\.?\s?){1,3}")
_YOURS = "yours (the city's, the utility's)"
_COMPUTED = "its cells are computed by a formula, which would be overwritten"

Cells = Sequence[SeenCell]
"""The cells of a column, below its header."""
ColumnsByHeader = Mapping[str, Sequence[Cells]]
"""The typed columns of several tabs, by `SeenTab.numbered_headers`."""


@dataclass(frozen=True)
class Proposal:
    """A column (zero-based index), and the ID of the field that is proposed; "" for none."""

    index: int
    header: str
    numbered_header: str
    """As in `SeenTab.numbered_headers`; "" without a header."""
    field_id: str
    reason: str
    rank: Rank
    samples: tuple[str, ...]
    options: tuple[str, ...] | None
    """The options of its drop-down; None where it has none."""
    values_in_all_tabs: tuple[str, ...]
    """The options, or else the texts, of columns with its header in all tabs mapped together."""
    values: tuple[str, ...]
    """Its options, or its texts if their list is gone; without a drop-down, those in all tabs."""
    is_hidden: bool
    is_computed: bool


def columns_by_header(tabs: Iterable[tuple[SeenTab, int]]) -> ColumnsByHeader:
    """Return the typed columns of tabs with these header rows."""
    found: dict[str, list[Cells]] = {}
    for tab, row in tabs:
        for index, header in tab.numbered_headers(row).items():
            cells = [*tab.below(row, index)]
            if not content.is_computed(cells):
                found.setdefault(header, []).append(cells)
    return found


def propose(
    tab: SeenTab,
    header_row: int,
    fields: Fields,
    recognizer: Recognizer,
    all_tabs: ColumnsByHeader,
) -> list[Proposal]:
    """Return a proposal for each column that has a header, or cells that tell what they are.

    The cells of the columns with its header in `all_tabs` count, too. A field is proposed for one
    column at most: the surest. Where several are as sure, it is for none, and the reasons say so.
    """
    headers, numbered = tab.headers(header_row), tab.numbered_headers(header_row)
    width = max([*map(len, tab.rows), *(index + 1 for index in tab.column_entries)], default=0)
    proposals = []
    by_field: dict[str, list[Proposal]] = {}
    for index in range(width):
        header, numbered_header = headers.get(index, ""), numbered.get(index, "")
        cells = list(tab.below(header_row, index))
        is_computed, options = content.is_computed(cells), _options(cells)
        columns = [cells] if is_computed else all_tabs.get(numbered_header) or [cells]
        values = tuple(dict.fromkeys(value for column in columns for value in _values(column)))
        match = _match(header, columns, values, fields, recognizer)
        texts = (" ".join(cell.text.split()) for cell in cells)
        proposal = Proposal(
            index=index,
            header=header,
            numbered_header=numbered_header,
            field_id="" if is_computed else match.field_id,
            reason=_COMPUTED if is_computed else match.reason,
            rank=match.rank,
            samples=tuple([text for text in texts if text][:_SAMPLES]),
            options=options,
            values_in_all_tabs=values,
            values=values if options is None else _values(cells),
            is_hidden=index in tab.hidden_columns,
            is_computed=is_computed,
        )
        if proposal.header or proposal.field_id or index in tab.column_entries:
            proposals.append(proposal)
        if proposal.field_id:
            by_field.setdefault(proposal.field_id, []).append(proposal)
    return [_keep_surest(each, by_field.get(each.field_id, []), fields) for each in proposals]


def _match(
    header: str,
    columns: Sequence[Cells],
    values: tuple[str, ...],
    fields: Fields,
    recognizer: Recognizer,
) -> ColumnMatch:
    """Return the field of all `columns` with a header; `values` are theirs."""
    column_content = content.detect(cell for column in columns for cell in column)
    has_options = any(_options(column) is not None for column in columns)
    # 1. What the header names; if it may name two fields, the cells decide.
    named = _disambiguated(recognizer.match(header), column_content, values, fields)
    # 2. No field if the cells contradict that; under an unknown header, what the cells are.
    match = _with_cells(named, column_content, fields, has_options=has_options)
    # 3. A header like Stage, or an unknown one above a drop-down, may be about the whole job.
    if match.field_id in _WHOLE_JOB or (match.is_unknown and has_options):
        match = _with_progress(match, values, fields)
    # 4. A rep's initials aren't written.
    if match.field_id == _REP and values and all(map(_INITIALS.fullmatch, values)):
        match = ColumnMatch("", "its cells are initials, EverBright has full names", match.rank)
    return match


def _options(cells: Cells) -> tuple[str, ...] | None:
    counts = Counter(cell.options for cell in cells if cell.options is not None)
    return counts.most_common(1)[0][0] if counts else None


def _values(cells: Cells) -> tuple[str, ...]:
    texts = (text for cell in cells if (text := cell.text.strip()))
    return _options(cells) or tuple(dict.fromkeys(texts))


def _disambiguated(
    named: ColumnMatch, column_content: ColumnContent, values: tuple[str, ...], fields: Fields
) -> ColumnMatch:
    """Return what a header names, once it is clear from the cells, or from the column's values."""
    if not named.if_statuses:
        return named
    if column_content.what == content.DATE:
        return replace(named, field_id=named.if_dates, reason="by its header and its dates")
    fitted = fit_options(fields, named.if_statuses, values, {})
    fitting = {*fitted.by_text.values()}
    if len(fitting) >= _STATUSES or (fitting and fitting == {*values}):
        return replace(named, field_id=named.if_statuses, reason="by its header and its words")
    return named


def _with_cells(
    named: ColumnMatch, column_content: ColumnContent, fields: Fields, *, has_options: bool
) -> ColumnMatch:
    """Return what header and cells say together; where they contradict each other nothing."""
    if named.field_id:
        field = fields.get(named.field_id)
        aspect, _, milestone = field.id.partition(":")
        if milestone and aspect == "status" and column_content.what == content.DATE:
            dated = (fields.get(f"{name}:{milestone}").title for name in DATED)
            are = "are formatted as" if column_content.is_blank else "are"
            reason = f"its cells {are} dates: it may be {_YOURS}, or {' or '.join(dated)}"
            return ColumnMatch("", reason, named.rank)
        if field.kind in (FieldKind.DATE, FieldKind.NUMBER) and has_options:
            return ColumnMatch("", f"its header says {field.title}, it has a drop-down", named.rank)
        if _contradicts(field, column_content):
            found = content.DESCRIPTIONS.get(column_content.what) or (
                "words" if column_content.has_no_digits else "numbers"
            )
            reason = f"its header says {field.title}, its cells are {found}"
            return ColumnMatch("", reason, named.rank)
        if milestone and column_content.what == content.DATE and not column_content.is_blank:
            reason = f"{named.reason}. Choose nothing if its dates are {_YOURS}"
            return replace(named, reason=reason)
    proposed = content.PROPOSED.get(column_content.what)
    if named.is_unknown and proposed:
        reason = f"its cells are {content.DESCRIPTIONS[column_content.what]}"
        return ColumnMatch(proposed, reason, Rank.CONTENT)
    return named


def _with_progress(match: ColumnMatch, values: tuple[str, ...], fields: Fields) -> ColumnMatch:
    """Return the job's progress if the column's values are steps of it, else the match.

    It is the stage of the sale only if EverBright has sent its values as such.
    """
    if ProgressRules(fields).are_about_progress(values):
        rank = Rank.CONTENT if match.is_unknown else match.rank
        return ColumnMatch(PROGRESS, "its words say how far along a job is", rank)
    sent = {plain(stage) for stage in fields.stages}
    if match.field_id == "stage" and not (values and sent.issuperset(map(plain, values))):
        reason = "its header says Stage, but EverBright has sent no such stages"
        return replace(match, field_id="", reason=reason)
    return match


def _contradicts(field: Field, column_content: ColumnContent) -> bool:
    """Return whether a column with such cells cannot be a field's."""
    if column_content.what == content.DATE:
        return field.kind is not FieldKind.DATE
    if field.kind in (FieldKind.DATE, FieldKind.NUMBER) and column_content.has_no_digits:
        return True
    if column_content.is_numeric and not column_content.what:
        return field.kind in (FieldKind.STATUS, FieldKind.DATE, FieldKind.LINKS)
    if field.kind is FieldKind.NUMBER and column_content.is_numeric:
        return False
    fitting = content.FITTING.get(column_content.what)
    return fitting is not None and field.id not in fitting


def _keep_surest(proposal: Proposal, rivals: Sequence[Proposal], fields: Fields) -> Proposal:
    """Return a proposal, without its field if it isn't the surest of the `rivals` for that."""
    best = min((rival.rank for rival in rivals), default=0)
    first = [rival for rival in rivals if rival.rank == best]
    if not first or first == [proposal]:
        return proposal
    title = fields.get(proposal.field_id).title
    names = [
        repr(each.header) if each.header else f"column {letters(each.index)}" for each in first
    ]
    if len(names) == 1:
        reason = f"it also looks like {title}, but {names[0]} is a better match"
    else:
        reason = f"{' and '.join(names)} look equally like {title}"
    return replace(proposal, field_id="", reason=reason)
