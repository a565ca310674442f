"""What the core reports of itself, for the rules of status, the console and alerts.

After each pass, the setting "pass" holds a `PassReport` as JSON:

    {"at": 1790000000.0, "pending": 2, "since": 1790000000.0, "findings": [...],
     "failed": {"code": "google_unavailable", "text": "..."} or null}
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Finding:
    """Something about the sheet that a person has to look at: a rule has the sentence.

    | code | what | stops |
    |---|---|---|
    | other_database | another database has written the spreadsheet | everything |
    | add_tabs | the spreadsheet has tabs, and nobody has said that ours may be added | everything |
    | no_fence | the tab Recovered can't be made | everything |
    | tab_gone | *Jobs* was deleted | the tab |
    | header_gone | the header row or Site ID is gone, or sorted in with the jobs | the tab |
    | keys_gone | the site IDs of `count` open jobs are gone from a tab at once | the tab |
    | all_refused | Google refuses every change, as for a protected tab | the tab |
    | other_customer | a row names another customer; `detail` has the differences | the row |
    | two_rows | a job has several rows, which in a connected tab aren't written | those rows |
    | history_gone | *History* lost its header row; its lines wait | the lines |
    | refused | Google refuses one part: a job, History, Recovered, columns or a debt | the part |
    | held_cells | cells that show something else however often they are written | the cells |
    | restored_version | a version of the sheet was restored (a notice, once) | nothing |
    | history_deleted | *History* was deleted (a choice, not a problem) | the lines |
    | connected_tab_gone | a connected tab was deleted | the tab |
    | not_connected | a tab can't be connected, because a column isn't there | the tab |
    | word_ended | a word for a step is no longer in the drop-down (a notice) | nothing |
    | unknown_status | a status of EverBright that the config doesn't name (a notice) | nothing |
    """

    code: str
    tab: str = ""
    """Its title."""
    row: int = 0
    """As the sheet numbers it."""
    site: str = ""
    sheet: int | None = None
    """The tab's ID, where a person may ask for something there."""
    count: int = 0
    detail: str = ""
    """What else there is to say, like Google's reason. It isn't public."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """What a row that names another customer says of them, by column ID."""


NOTICES = frozenset({"restored_version", "history_deleted", "unknown_status", "word_ended"})
"""The codes of findings that aren't problems."""


@dataclass(frozen=True)
class Failure:
    """Why the newest pass couldn't read or write the sheet."""

    code: str
    text: str
    again: float = 0.0
    """When it is tried again."""


@dataclass(frozen=True)
class PassReport:
    """The last pass that read the sheet, and the failure of a later one."""

    at: float = 0.0
    """When it began; 0 before the first one."""
    pending: int = 0
    """How many parts (jobs, lines, debts, columns) it found to write; 0 if all was right."""
    findings: list[Finding] = field(default_factory=list)
    since: float = 0.0
    """Since when the findings have been these."""
    failed: Failure | None = None

    @property
    def problems(self) -> list[Finding]:
        return [each for each in self.findings if each.code not in NOTICES]
