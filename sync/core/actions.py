"""What people ask of the worker on the console: each once, with a result in words."""

import time
from collections.abc import Callable, Mapping

import structlog

from sync.core.passes import Pass
from sync.core.report import PassReport
from sync.core.sheet_state import Ask
from sync.core.standing import Order, Statuses, titles
from sync.core.store import Store, StoredAction
from sync.errors import BrightsheetError
from sync.settings.config_file import Config, Meaning, MilestoneConfig
from sync.types import from_json

DONE_LINE = "done"
"""The line in a confirmed order below which milestones don't count."""

_log = structlog.get_logger()


def _pause(passes: Pass, asked: StoredAction) -> str:
    is_paused = asked.kind == "pause"
    passes.rows.store.put("paused", is_paused)
    passes.rows.store.put("working", time.time())
    text = "Nothing is written to the sheet until somebody presses Resume."
    return text if is_paused else "The sheet is written again."


def _check_now(passes: Pass, _: StoredAction) -> str:
    passes.ask(Ask.CHECK)
    passes.rows.store.hurry()
    return "The sheet was checked."


def _ask(passes: Pass, asked: StoredAction) -> str:
    sheet = asked.body.get("sheet")
    passes.ask(Ask(asked.kind), None if sheet is None else int(sheet))
    return "Done. What is left is on the overview."


def _answer(passes: Pass, asked: StoredAction) -> str:
    report = from_json(PassReport, passes.rows.store.get("pass", {}))
    site, tab = str(asked.body.get("site", "")), asked.body.get("tab")
    rows = (each for each in report.findings if each.site == site)
    listed = [each.texts for each in rows if each.texts and tab in (None, each.tab.strip())]
    if not listed:
        return "That row isn't listed anymore."
    is_same = asked.kind == "same_customer"
    passes.rows.store.answer_row(site, listed[0], is_same=is_same)
    passes.ask(Ask.CHECK)
    return "The row is the job's." if is_same else "The site ID is taken out of the row."


def _take_order(passes: Pass, asked: StoredAction) -> str:
    steps = [str(step) for step in asked.body.get("order", ())]
    names = titles(passes.rows.store.job_states(None).values(), Order())
    passes.rows.store.put("order", steps)
    passes.rows.store.put("titles", {step: names[step] for step in steps if step in names})
    passes.is_old = True
    return "The order is confirmed."


def _take_meanings(passes: Pass, asked: StoredAction) -> str:
    said = asked.body.get("meanings", {})
    meanings = {str(code): Meaning(means) for code, means in said.items()}
    passes.rows.store.put("meanings", meanings)
    passes.is_old = True
    return "The meanings are saved."


def _forget(passes: Pass, asked: StoredAction) -> str | None:
    if not passes.is_idle:
        return None  # A batch holds what rows showed until it is checked.
    # Forgotten before a kill, the action doesn't have it anymore.
    if site := asked.body.get("site"):
        passes.rows.store.forget(site)
    passes.is_old = True
    return (
        "Everything stored of the job is deleted. Delete by hand what is elsewhere: its row in "
        "Jobs, its lines in History and Recovered, and its folder in Drive."
    )


KINDS: Mapping[str, Callable[[Pass, StoredAction], str | None]] = {
    "pause": _pause,
    "resume": _pause,
    **dict.fromkeys(Ask, _ask),
    Ask.CHECK: _check_now,
    "same_customer": _answer,
    "not_this_job": _answer,
    "take_order": _take_order,
    "take_meanings": _take_meanings,
    "forget": _forget,
}
"""By kind, as the table `action` names it. One that returns None waits for the next pass."""
AFTER_PASS = frozenset((*Ask, "same_customer", "not_this_job"))
"""The kinds that are done once a pass has followed. While it is paused, they wait."""


def carry_out(passes: Pass) -> dict[int, str]:
    """Carry out what was asked; return the results of those that are done after the next pass.

    Each does nothing more when it is repeated, as after a kill.
    """
    waiting, is_paused = dict[int, str](), passes.rows.store.get("paused")
    for action in passes.rows.store.open_actions(KINDS.keys() - (AFTER_PASS if is_paused else ())):
        result = _run(passes, action)
        if result is None:
            continue
        if action.kind in AFTER_PASS:
            waiting[action.id] = result
        else:
            passes.rows.store.finish_actions({action.id: result})
    return waiting


def _run(passes: Pass, action: StoredAction) -> str | None:
    _log.info("action", kind=action.kind, action=action.id)
    try:
        return KINDS[action.kind](passes, action)
    except BrightsheetError:
        raise
    except Exception as error:
        _log.exception("fault", error=type(error).__name__, action=action.id)
        return "It failed: an internal error."


def statuses(config: Config, store: Store) -> Statuses:
    """Return how jobs are read: by the config, and where it is silent by people's answers."""
    names, order = store.get("titles", {}), store.get("order", [])
    steps = order[: order.index(DONE_LINE)] if DONE_LINE in order else order
    milestones = tuple(
        MilestoneConfig.model_construct(definitions=(step,), header=names.get(step, ""))
        for step in steps
        if "-" in step  # The contract is first, whatever the order says.
    )
    meanings = {code: Meaning(means) for code, means in store.get("meanings", {}).items()}
    return Statuses(config.with_answers(milestones, meanings))
