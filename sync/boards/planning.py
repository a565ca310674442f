"""What a tab's columns and words are taken for, and how a chosen mapping is stored."""

from collections.abc import Collection

from sync.boards.fields import PROGRESS, Fields, milestones_of
from sync.boards.headers import Headers
from sync.boards.mapping import TabMapping, check, check_headers, wrong
from sync.boards.state import ConnectedTab, Stage
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
    columns = {header: field for header, field in pairs if field}
    has_stage = PROGRESS in columns.values() and "status" not in columns.values()
    add = {"EverBright status": "status"} if has_stage else {}
    return TabMapping(title=seen.title, header_row=row + 1, columns=columns, add=add)


def with_words(
    mapping: TabMapping, seen: SeenTab, fields: Fields, known: Collection[TabMapping] = ()
) -> TabMapping:
    """Return a mapping with all words of the columns' drop-downs, in their order.

    In a column whose words nobody has chosen, they stand for what they do in a tab that is
    `known`, or for what they plainly say.
    """
    words = {}
    for header, field in ((h, fields.get(f)) for h, f in mapping.both.items()):
        if field.has_words:
            options = seen.options(mapping.header_row - 1, header)
            said = dict[str, Choice](propose(options, fields.milestones, field.definition))
            for tab in known:
                said |= {w: each for w, each in tab.words_of(field.id).items() if w in options}
            chosen = {**dict.fromkeys(options, ()), **mapping.words.get(header, said)}
            known_steps = steps(fields.milestones, field.definition)
            words[header] = {
                word: each if isinstance(each, str) else tuple(s for s in each if s in known_steps)
                for word, each in chosen.items()
            }
    return mapping.model_copy(update={"words": words})


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
    if known is None or known.stage is Stage.LEAVE:
        for header in {*mapping.add} & {*seen.headers(row)}:
            text = "the tab has this column already. Connect it instead."
            raise wrong(mapping.title, text, header)
        return ConnectedTab(sheet=seen.sheet, mapping=mapping)
    stage = known.stage  # What EverBright said since the last pass is still news.
    if known.mapping.fields != mapping.fields:
        stage = Stage.CONNECT
    elif known.mapping.words != mapping.words:
        stage = Stage.CHECK
    return known.model_copy(update={"stage": stage, "mapping": mapping})
