"""What a tab's columns and words are taken for, and how a chosen mapping is stored."""

from collections.abc import Collection

from sync.boards.fields import PROGRESS, Fields, milestones_of
from sync.boards.headers import Headers
from sync.boards.mapping import Column, TabMapping, check, check_headers, wrong
from sync.boards.state import ConnectedTab
from sync.boards.survey import SeenTab
from sync.boards.words import Choice, propose, steps
from sync.core.actions import statuses
from sync.core.database import Database
from sync.core.standing import titles
from sync.core.store import Store
from sync.settings.environment import Settings


def known_fields(settings: Settings, database: Database) -> Fields:
    """Return the fields that can be chosen, by what jobs have reached."""
    store = Store(database)
    order = statuses(settings.config, store).order
    states = store.job_states().values()
    names = dict(order.aliases)
    for definition, log in (each for state in states for each in state.milestones.items()):
        names.setdefault(log.name, order.step(definition))
    return Fields(milestones_of(order, titles(states, order)), names, settings.config.columns)


def proposed(seen: SeenTab, row: int, headers: Headers) -> TabMapping:
    """Return the columns that a page proposes for a tab with a header row."""
    pairs = zip(seen.headers(row), headers.propose(seen, row), strict=True)
    columns = [Column(header=header, field=field) for header, field in pairs if field]
    fields = {column.field for column in columns}
    if PROGRESS in fields and "status" not in fields:
        columns.append(Column(header="EverBright status", field="status", is_added=True))
    return TabMapping(title=seen.title, header_row=row + 1, columns=tuple(columns))


def with_words(
    mapping: TabMapping, seen: SeenTab, fields: Fields, known: Collection[TabMapping] = ()
) -> TabMapping:
    """Return a mapping with all words of the columns' drop-downs, in their order.

    In a column whose words nobody has chosen, they stand for what they do in a tab that is
    `known`, or for what they plainly say.
    """
    columns = list[Column]()
    for column in mapping.columns:
        field, words = fields.get(column.field), dict[str, Choice]()
        if field.has_words:
            options = seen.options(mapping.header_row - 1, column.header)
            said = propose(options, fields.milestones, field.definition)
            for same in (tab.fields[field.id] for tab in known if field.id in tab.fields):
                said |= {word: each for word, each in same.words.items() if word in options}
            chosen = {**dict.fromkeys(options, ()), **(column.words or said)}
            known_steps = steps(fields.milestones, field.definition)
            words = {
                word: each if isinstance(each, str) else tuple(s for s in each if s in known_steps)
                for word, each in chosen.items()
            }
        columns.append(column.model_copy(update={"words": words}))
    return mapping.model_copy(update={"columns": tuple(columns)})


def planned(
    seen: SeenTab, mapping: TabMapping, fields: Fields, known: ConnectedTab | None, account: str
) -> ConnectedTab:
    """Return a tab as it is stored when its mapping is this. Raises Permanent if it can't be."""
    row = mapping.header_row - 1
    if problem := seen.problem(row, account):
        raise wrong(mapping.title, problem)
    mapping = with_words(mapping, seen, fields)
    check(mapping, fields)
    check_headers(mapping, seen.headers(row))
    if known is None:
        for column in mapping.columns:
            if column.is_added and column.header in seen.headers(row):
                text = "the tab has this column already. Connect it instead."
                raise wrong(mapping.title, text, column.header)
        return ConnectedTab(sheet=seen.sheet, mapping=mapping)
    if known.mapping.fields != mapping.fields:
        changes = {"mapping": mapping, "is_connected": False, "since": 0.0}
        return known.model_copy(update=changes)
    # What EverBright said since the last pass is still news.
    mapping = mapping.model_copy(update={"columns": known.mapping.columns})
    return known.model_copy(update={"mapping": mapping})
