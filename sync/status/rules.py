"""The rules: one for each thing that may be wrong, with its cause and its fix. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sync.core.report import Finding
from sync.status.state import State

LATE_SECONDS = 900.0
"""How long anything may wait. Most outages of Google are shorter."""
STALE_SECONDS = 1800.0
"""How old the last look at the sheet may be; there is one every ten minutes."""
_ALIVE_SECONDS = 60.0
"""How long nobody may hold the lease: a restart takes less. So does the first look afterward."""
_LOW_SHARE, _LOW_BYTES = 0.1, 2 * 1024**3
"""A disk is nearly full if less is free than both of these."""
_REFUSALS = {
    "google_credentials": "Google no longer accepts Brightsheet's sign-in. Ask whoever set it up "
    "to sign in again.",
    "not_found": "The spreadsheet was deleted, is no longer shared with Brightsheet, or "
    "another one is meant: ask whoever set it up.",
    "not_shared": "Brightsheet may not edit the spreadsheet: share it with Brightsheet's account "
    "as an editor.",
    "api_off": "An API of Google's is turned off: ask whoever set it up to run the checks.",
    "excel_file": "The spreadsheet is an Excel file, which programs can't edit. Open it, choose "
    "File, Save as Google Sheets, and ask whoever set it up to use the new one.",
    "fault": "Brightsheet has an internal error. Ask whoever set it up to look at its log.",
}
"""What to do about failures that don't end without help, by their reasons."""
_DAY_SECONDS = 86_400.0


class Level(StrEnum):
    """What an entry means: a problem may leave the sheet out of date, a notice doesn't."""

    PROBLEM = "problem"
    NOTICE = "notice"


@dataclass(frozen=True)
class Rule:
    """One thing that may be wrong, with a sentence that says why, and what to do."""

    code: str
    level: Level
    applies: Callable[[State], object]
    text: str | Callable[[State], str]
    """It is public."""
    page: str = "/setup"
    """The page of the console that fixes it."""
    actions: tuple[str, ...] = ()
    """The actions that fix it."""
    is_sent: bool = True
    """Whether there is a message when it begins."""
    yields: bool = False
    """Whether it isn't listed below another problem, which explains it; it may go on meanwhile."""
    detail: Callable[[State], str] = lambda _: ""

    def entry(self, state: State) -> "Entry | None":
        """Return what is wrong, or None."""
        if not self.applies(state):
            return None
        text = self.text if isinstance(self.text, str) else self.text(state)
        return Entry(self, text, found_in(state, self.code), self.detail(state))


@dataclass(frozen=True)
class Entry:
    """Something that is wrong now. Its text is public; details and findings may have names."""

    rule: Rule
    text: str
    findings: tuple[Finding, ...] = ()
    """The places in the sheet."""
    detail: str = ""


def found_in(state: State, code: str) -> tuple[Finding, ...]:
    return tuple(each for each in state.last_pass.findings if each.code == code)


def counted(number: float, one: str, many: str) -> str:
    return f"{number:.0f} {one if number == 1 else many}"


def lasting(seconds: float) -> str:
    """Return a duration in the largest unit of which there are at least two."""
    for size, name in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return counted(max(0, round(seconds)), "second", "seconds")


def _finding(
    code: str,
    level: Level,
    text: str | Callable[[tuple[Finding, ...]], str],
    page: str = "",
    actions: tuple[str, ...] = (),
) -> Rule:
    """Return the rule of a finding. The names of its tabs replace {tab}."""

    def sentence(state: State) -> str:
        found = found_in(state, code)
        known = text if isinstance(text, str) else text(found)
        tabs = dict.fromkeys(each.tab for each in found if each.tab)
        return known.replace("{tab}", " and ".join(tabs) or "the spreadsheet")

    return Rule(code, level, lambda state: found_in(state, code), sentence, page, actions)


def is_idle(state: State) -> bool:
    """Return whether nobody holds the lease; a first start may take a minute."""
    since = state.worker_until or state.begun
    return state.now - since > _ALIVE_SECONDS


def _unread(state: State) -> float:
    """Return the seconds since the last look at the sheet."""
    return state.now - (state.last_pass.at or state.begun)


def _had_time(state: State) -> bool:
    """Return whether the first look at the sheet after a start or a pause may be expected."""
    return state.now - state.working > _ALIVE_SECONDS


def _is_failing(state: State) -> bool:
    """Return whether Google doesn't take part, and it isn't likely to end by itself."""
    failed = state.last_pass.failed
    return failed is not None and (failed.code in _REFUSALS or _unread(state) > LATE_SECONDS)


def _failing(state: State) -> str:
    failed = state.last_pass.failed
    why = _REFUSALS.get(failed.code if failed else "", "Google refuses it, or doesn't answer.")
    return f"The sheet can't be read or written. {why} Everything that arrives is kept meanwhile."


def _is_silent(state: State) -> bool:
    """Return whether nothing has arrived for SILENCE_DAYS, also before the first webhook."""
    since, days = state.arrived or state.begun, state.silence_days
    return bool(days and since) and state.now - since >= days * _DAY_SECONDS


def _is_read_late(state: State) -> bool:
    """Return whether the regular reading is a day late."""
    hours = state.read_hours
    since = state.now - state.read_back
    return bool(hours and state.read_back) and since > hours * 3600 + _DAY_SECONDS


def _is_disk_low(state: State) -> bool:
    free = state.disk_free
    return free is not None and free < min(_LOW_SHARE * state.disk_size, _LOW_BYTES)


_P, _N = Level.PROBLEM, Level.NOTICE
_MISSED = "Then press Read all jobs to get what was missed."
RULES: tuple[Rule, ...] = (
    Rule(
        "not_running",
        _P,
        is_idle,
        "Nothing is written to the sheet, because that part of Brightsheet isn't running. "
        "Everything that arrives is kept. Ask whoever set it up to restart it.",
        detail=lambda _: (
            "With WORKER=separate, start brightsheet worker; else restart the program."
        ),
    ),
    Rule(
        "paused",
        _P,
        lambda s: s.is_paused,
        "Writing to the sheet is paused. Everything that arrives is kept. Press Resume to go on.",
        actions=("resume",),
    ),
    Rule(
        "failing",
        _P,
        _is_failing,
        _failing,
        "/setup#checks",
        detail=lambda s: s.last_pass.failed.text if s.last_pass.failed else "",
        yields=True,
    ),
    Rule(
        "hanging",
        _P,
        lambda s: _unread(s) > STALE_SECONDS and _had_time(s),
        lambda s: (
            f"The sheet hasn't been compared with EverBright for {lasting(_unread(s))}, although "
            "Brightsheet runs. Ask whoever set it up to restart it."
        ),
        yields=True,
    ),
    _finding(
        "add_tabs",
        _P,
        "The spreadsheet has tabs of yours, so nothing is written there yet. Press Add Jobs, "
        "Today, History and Pipeline as the last tabs. Everybody with whom the spreadsheet is "
        "shared will see them; your tabs stay as they are.",
        actions=("add_tabs",),
    ),
    _finding(
        "other_database",
        _P,
        "Something else has written this spreadsheet, so nothing is written now. Either "
        "Brightsheet runs in two places with the same spreadsheet, or its data was restored from "
        "a backup. Stop the one that you don't need. If this one is right, press Read all jobs "
        "first, wait until Setup shows its result, and then press This database is the right one.",
        "/setup",
        ("read_all", "this_database"),
    ),
    Rule(
        "trashed",
        _P,
        lambda s: s.trashed,
        lambda s: (
            f"The {' and the '.join(s.trashed)}: moved to the trash of Google Drive, or deleted. "
            "Google keeps files in the trash for 30 days: open it in Drive, and restore what is "
            "there."
        ),
        "",
    ),
    _finding(
        "tab_gone",
        _P,
        "The tab {tab} was deleted, so nothing is written there. To get it back with what was "
        "typed in it, use File, Version history in the spreadsheet. To have a new one, press Put "
        "it back.",
        actions=("put_back",),
    ),
    _finding(
        "header_gone",
        _P,
        "The header row of {tab} was deleted or sorted in with the jobs, or its column Site ID is "
        "gone. Nothing is written there until that is undone: press Ctrl+Z in the sheet, or use "
        "File, Version history. In Jobs, if the row or column was deleted, you can press Put it "
        "back instead. Or, in a tab of yours, move the row with your headers back to the "
        "top, above the jobs.",
        actions=("put_back",),
    ),
    _finding(
        "keys_gone",
        _P,
        lambda found: (
            f"The site IDs of {sum(each.count for each in found)} jobs are gone from {{tab}} at "
            "once, so nothing is written there. Press Ctrl+Z in the sheet, or use File, Version "
            "history. If the rows were deleted on purpose, press The rows were deleted."
        ),
        actions=("rows_deleted",),
    ),
    _finding(
        "no_fence",
        _P,
        "Google doesn't let Brightsheet add the tab Recovered, without which nothing is written. "
        "The spreadsheet may be full, or protected: see Data, Protect sheets and ranges there.",
    ),
    _finding(
        "all_refused",
        _P,
        "Google refuses every change in {tab}. The tab may be protected: in the sheet, open Data, "
        "Protect sheets and ranges, and let Brightsheet's account edit it.",
    ),
    _finding(
        "refused",
        _P,
        lambda found: (
            f"Google refuses {counted(len(found), 'change', 'changes')} in {{tab}}, tried "
            "again every hour. Cells may be protected there, or a drop-down rejects the text: in "
            "the sheet, see Data, Protect sheets and ranges, and Data validation."
        ),
    ),
    _finding(
        "other_customer",
        _P,
        lambda found: (
            f"{counted(len(found), 'row has', 'rows have')} the site ID of another customer "
            "in {tab}, and nothing is written there. A part of the sheet may have been "
            "sorted alone: undo that with Ctrl+Z. Or press Put the site IDs back, or say here "
            "whose each row is."
        ),
        "/",
        ("site_ids_back",),
    ),
    _finding(
        "two_rows",
        _P,
        lambda found: (
            f"{counted(len(found), 'job is', 'jobs are')} in several rows of {{tab}}, and "
            "in tabs of yours none of them is written. Delete the rows that you don't "
            "need, or clear the Site ID of one that is another customer's."
        ),
    ),
    _finding(
        "connected_tab_gone",
        _P,
        "The tab {tab} of yours was deleted, so nothing is written there. Use File, Version "
        "history in the spreadsheet, or disconnect it on Your tabs.",
        "/tabs",
    ),
    _finding(
        "not_connected",
        _P,
        "The tab {tab} couldn't be connected, because its columns have changed meanwhile. Connect "
        "it again on Your tabs.",
        "/tabs",
    ),
    _finding(
        "held_cells",
        _P,
        lambda found: (
            f"{counted(sum(each.count for each in found), 'cell shows', 'cells show')} something "
            "else in {tab} however often EverBright's text is written, because a formula, a "
            "script or another tool changes it. It is tried again tomorrow."
        ),
    ),
    _finding(
        "history_gone",
        _P,
        "The header row of {tab} was deleted or sorted in with the lines, so new lines wait. "
        "Press Ctrl+Z in the sheet. If the row was deleted, you can press Put it back instead.",
        actions=("put_back",),
    ),
    Rule(
        "late",
        _P,
        lambda s: s.oldest and s.now - s.oldest > LATE_SECONDS and _had_time(s),
        lambda s: (
            f"{counted(s.waits, 'change waits', 'changes wait')} to be written, the oldest for "
            f"{lasting(s.now - s.oldest)}. Google may be slow, or refuse: run the checks on Setup."
        ),
        "/setup#checks",
        yields=True,
    ),
    Rule(
        "wrong_secret",
        _P,
        lambda s: s.wrong_secret > s.heard,
        lambda s: (
            "Something with a wrong or missing secret was refused "
            f"{lasting(s.now - s.wrong_secret)} ago. If EverBright sent it, set the same secret "
            f"there and here. This ends with the next message that arrives. {_MISSED}"
        ),
        actions=("read_all",),
    ),
    Rule(
        "never_arrived",
        _P,
        lambda s: not s.arrived and _is_silent(s),
        "Nothing has arrived from EverBright since Brightsheet was set up. Its connection may be "
        f"missing there, or use another address or secret: run the checks on Setup. {_MISSED}",
        "/setup#checks",
        ("read_all",),
    ),
    Rule(
        "token_refused",
        _P,
        lambda s: s.is_token_refused,
        "EverBright refuses Brightsheet's token, so customers' names and documents may be missing "
        "or old. Ask whoever set it up to copy the token again from EverBright into the settings, "
        "and to restart Brightsheet. Then press Check now.",
        "/setup#checks",
        detail=lambda _: "The setting is EVERBRIGHT_API_TOKEN; see EVERBRIGHT_AUTH_HEADER, too.",
    ),
    Rule(
        "customers_late",
        _P,
        lambda s: s.slow_customers and not s.is_token_refused,
        lambda s: (
            "EverBright hasn't returned the customers of "
            f"{counted(s.slow_customers, 'job', 'jobs')}, so names may be missing or old. It may "
            "be down: run the checks on Setup."
        ),
        "/setup#checks",
    ),
    Rule(
        "documents_late",
        _P,
        lambda s: s.slow_documents,
        lambda s: (
            f"{counted(s.slow_documents, 'document', 'documents')} couldn't be copied to Drive "
            "yet. The folder isn't there or isn't shared with Brightsheet's account, Drive or "
            "EverBright is down, or EverBright no longer has them: run the checks on Setup. It is "
            "tried again automatically."
        ),
        "/setup#checks",
        detail=lambda s: s.document_error,
    ),
    Rule(
        "disk_low",
        _P,
        _is_disk_low,
        lambda s: (
            f"Only {(s.disk_free or 0) // 1024**2} MB are free on the disk where Brightsheet keeps "
            "what arrives. When it is full, nothing more is accepted. Ask whoever set "
            "it up to free some space."
        ),
        "",
    ),
    _finding(
        "history_deleted",
        _N,
        "The tab {tab} was deleted, and stays so. To have it again, press Put it back.",
        actions=("put_back",),
    ),
    _finding(
        "word_ended",
        _N,
        "In the tab {tab} of yours, a word that stands for a step is no longer in its drop-down. "
        "Choose another one on Your tabs.",
        "/tabs",
    ),
    _finding(
        "restored_version",
        _N,
        "A version of the spreadsheet was restored. What it lacked is written again.",
    ),
    _finding(
        "unknown_status",
        _N,
        lambda found: (
            f"{counted(len(found), 'status', 'statuses')} that EverBright sends "
            f"{'has' if len(found) == 1 else 'have'} no meaning yet, so the sheet doesn't say "
            "whom such jobs wait on. Choose the meaning on Setup."
        ),
        "/setup#statuses",
    ),
    Rule(
        "silent",
        _N,
        lambda s: s.arrived and _is_silent(s),
        lambda s: (
            f"Nothing has arrived from EverBright for {lasting(s.now - s.arrived)}. If something "
            f"has changed there, its connection may be turned off. Run the checks. {_MISSED}"
        ),
        "/setup#checks",
        ("read_all",),
    ),
    Rule(
        "read_late",
        _N,
        _is_read_late,
        lambda s: (
            "Open jobs haven't been read from EverBright for "
            f"{lasting(s.now - s.read_back)}, so what was missed isn't shown. "
            "EverBright may be down, or have its lists elsewhere: run the checks on Setup."
        ),
        "/setup#checks",
        detail=lambda s: s.read_back_error,
    ),
    Rule(
        "read_in_part",
        _N,
        lambda s: s.read_hours and s.read_back_problems,
        "Some of EverBright's lists or jobs couldn't be read, so what was missed there isn't "
        "shown. They are tried again daily. If this stays, run the checks on Setup.",
        "/setup#checks",
        detail=lambda s: f"{s.read_back_problems} [everbright] in the config says where lists are.",
    ),
    Rule(
        "order",
        _N,
        lambda s: s.arrived and not s.has_order,
        "Nobody has confirmed the order of the milestones, so no job shows its next milestone, and "
        "none is done. Put them in order on Setup.",
        "/setup#order",
        is_sent=False,
    ),
    Rule(
        "unanswered",
        _N,
        lambda s: s.unanswered,
        lambda s: (
            f"{counted(s.unanswered, 'job waits', 'jobs wait')} for an answer: whose row is it in "
            "your tabs? Meanwhile they are in Jobs."
        ),
        "/tabs/rows",
        is_sent=False,
    ),
    Rule(
        "rejected",
        _N,
        lambda s: s.rejected,
        lambda s: (
            f"{counted(s.rejected, 'message', 'messages')} from EverBright couldn't be "
            "understood. See why, and replay or dismiss each."
        ),
        "/webhooks?q=rejected",
    ),
    Rule(
        "odd_fields",
        _N,
        lambda s: s.odd_fields,
        lambda s: (
            "EverBright sends fields in another form than expected "
            f"({', '.join(s.odd_fields[:5])}). What they hold isn't "
            "shown. Look at it, and dismiss it."
        ),
        "/webhooks?q=odd",
    ),
    Rule(
        "documents_failed",
        _N,
        lambda s: s.failed_documents,
        lambda s: (
            f"{counted(s.failed_documents, 'document', 'documents')} couldn't be copied "
            "to Drive, and won't be tried again. See why, and try again or dismiss each."
        ),
        "/jobs/documents",
    ),
    Rule(
        "alerts_failing",
        _N,
        lambda s: s.alerts_failing,
        lambda s: (
            "Alerts, or the team's messages, haven't arrived for "
            f"{lasting(s.now - s.alerts_failing)}: their address is wrong, or the service is down. "
            "When that is fixed, send a test message from Setup."
        ),
        is_sent=False,
    ),
)
"""The most urgent first."""
