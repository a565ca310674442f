"""One column for the whole job: what its words stand for, by proposal and by command."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from sync.boards.mapping.choices import Choices
from sync.boards.mapping.decide import TabDecider
from sync.boards.mapping.fields import Fields
from sync.boards.mapping.progress import ProgressRules
from sync.boards.mapping.propose import columns_by_header
from sync.boards.mapping.stored_mapping import StoredMapping
from sync.boards.mapping.tab import CellKind, SeenCell
from sync.boards.mapping.tab_mapping import ColumnMapping
from sync.boards.mapping.words import RuleWords
from sync.errors import Permanent
from sync.jobs.milestones import Heading
from tests.boards.mapping.seen import config, tab
from tests.boards.mapping.stand import Stand
from tests.made_up import comment, milestone, uuid
from tests.sheets.conftest import with_more

NAMES = (
    "Site Survey",
    "Design",
    "Permits",
    "Installation",
    "Permission to Operate",
    "Final Funding",
)
MILESTONES = tuple(
    Heading(uuid(30_100 + n), name, (uuid(30_100 + n),), 9 - n) for n, name in enumerate(NAMES, 1)
)
STAGES = ("Sold", "Site survey", "Design", "Permit in", "Permit OK", "Install", "PTO", "Paid")
PROPOSED = {
    "Contract signed": "Sold",
    "Site Survey:INPROG": "Site survey",
    "Design:INPROG": "Design",
    "Permits:SUBMITTED": "Permit in",
    "Permits:APPROVED": "Permit OK",
    "Installation:INPROG": "Install",
    "Permission to Operate:INPROG": "PTO",
    "Final Funding:APPROVED": "Paid",
}


NOTICE = Heading(uuid(30_190), "Notice to Proceed", (uuid(30_190),), 1)


def fields(*stages: str) -> Fields:
    return Fields(config(), MILESTONES, stages=frozenset(stages))


def proposed(*words: str) -> dict[str, str]:
    rules = ProgressRules(Fields(config(), (NOTICE, *MILESTONES)))
    return {rules.spelled(rule): word for rule, word in rules.propose_words(words).items()}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (STAGES, PROPOSED),
        (
            ("Perm. submitted", "Perm. issued", "Perm. kicked back"),
            {
                "Permits:SUBMITTED": "Perm. submitted",
                "Permits:APPROVED": "Perm. issued",
                "Permits:REJECTED": "Perm. kicked back",
            },
        ),
        (("Permit sub'd",), {"Permits:SUBMITTED": "Permit sub'd"}),
        (("Permit OK", "Permit passed"), {}),  # both are certain: left to the person
        (("Permit approved", "Permit done"), {"Permits:APPROVED": "Permit approved"}),
        (
            ("Waiting on permit", "Permitting"),
            {"Permits:SUBMITTED": "Waiting on permit", "Permits:INPROG": "Permitting"},
        ),
        (  # a name alone, before and after a word for a later status
            ("PTO in", "PTO", "Permit", "Permit in", "Design OK", "Design"),
            {
                "Permission to Operate:SUBMITTED": "PTO in",
                "Permission to Operate:APPROVED": "PTO",
                "Permits:INPROG": "Permit",
                "Permits:SUBMITTED": "Permit in",
                "Design:APPROVED": "Design OK",
            },
        ),
        (
            ("In design", "In Permitting", "Install in"),
            {
                "Design:INPROG": "In design",
                "Permits:INPROG": "In Permitting",
                "Installation:SUBMITTED": "Install in",
            },
        ),
        (
            ("1. Sold", "2 - Site survey", "10) Permit OK"),
            {
                "Contract signed": "1. Sold",
                "Site Survey:INPROG": "2 - Site survey",
                "Permits:APPROVED": "10) Permit OK",
            },
        ),
        (
            ("Surveyed", "Installed"),
            {"Site Survey:APPROVED": "Surveyed", "Installation:APPROVED": "Installed"},
        ),
        (
            ("SS", "CAD", "Install scheduled", "PTO granted", "Funded"),
            {
                "Site Survey:INPROG": "SS",
                "Design:INPROG": "CAD",
                "Installation:INPROG": "Install scheduled",
                "Permission to Operate:APPROVED": "PTO granted",
                "Final Funding:APPROVED": "Funded",
            },
        ),
        (
            ("Call first", "On hold", "Ready to install", "Plan B", "Dead", "Final", "Cancelled"),
            {"Final Funding:INPROG": "Final"},
        ),
        (("NTP",), {"Notice to Proceed:INPROG": "NTP"}),
        (("New", "Done", "Archived"), {"New job": "New", "Done": "Done", "Archived": "Archived"}),
    ],
)
def test_a_rule_is_proposed_for_one_word(words: Sequence[str], expected: dict[str, str]) -> None:
    assert proposed(*words) == expected


def test_paid_is_proposed_only_for_a_milestone_of_a_payment() -> None:
    rules = ProgressRules(Fields(config(), MILESTONES[:-1]))
    assert rules.propose_words(("Paid", "Permit OK")) == {
        f"{MILESTONES[2].key}:APPROVED": "Permit OK"
    }


def column(
    known: Fields,
    header: str,
    options: Sequence[str] | None = STAGES,
    *texts: str,
    before: StoredMapping | None = None,
    **said: Any,
) -> ColumnMapping:
    """Decide on a tab whose third column has this header, and a drop-down or texts."""
    listed = None if options is None else tuple(options)
    cells = [SeenCell(text, CellKind.TEXT, listed) for text in texts or ("",)]
    rows = [("Ada", "303-555-0101", cell) for cell in cells]
    decider = TabDecider(known, Choices(**said), "robot@x.example")
    made = decider.decide(tab(("Client", "Phone", header), *rows), before)
    decider.parser.check_names_found([made])
    return made.columns[2]


@pytest.mark.parametrize(
    ("header", "options", "texts", "sent", "field"),
    [
        ("Stage", STAGES, (), (), "progress"),
        ("Status", STAGES, (), (), "progress"),
        ("Where", STAGES, (), (), "progress"),
        ("Where", None, STAGES, (), ""),
        ("Stage", None, STAGES, (), "progress"),
        (
            "Stage",
            ("Lead", "Proposal", "Closed"),
            (),
            ("Lead", "Proposal", "Closed", "Won"),
            "stage",
        ),
        ("Stage", ("Lead", "Proposal", "Closed"), (), ("Lead",), ""),
        ("Stage", None, ("lead", " "), ("Lead",), "stage"),
        ("Stage", None, (), ("Lead",), ""),
        ("Notes", None, STAGES, (), ""),
        ("Status", ("Approved", "Rejected"), (), (), "status"),
    ],
)
def test_the_field_is_proposed_by_the_words_of_the_column(
    header: str,
    options: Sequence[str] | None,
    texts: Sequence[str],
    sent: Sequence[str],
    field: str,
) -> None:
    assert column(fields(*sent), header, options, *texts).field_id == field


def test_the_same_column_of_other_tabs_counts_for_the_proposal() -> None:
    """Done has only jobs that ended; a formula in a third tab says nothing about typed words."""
    listed, headers = SeenCell("Paid", CellKind.TEXT, STAGES), ("Client", "Phone", "Where")
    active, done, computed = (tab(headers, ("Ada", "", cell)) for cell in (listed, "x", "=A1"))
    all_tabs = columns_by_header((one, 0) for one in (active, done, computed))
    decider = TabDecider(fields(), Choices(), "robot@x.example")
    assert decider.decide(done, None).columns[2].field_id == ""
    for one in (active, done):
        found = decider.decide(one, None, all_tabs).columns[2]
        assert (found.field_id, words_of(found)) == ("progress", PROPOSED)
    assert decider.decide(computed, None, all_tabs).columns[2].proposal.is_computed


def words_of(made: ColumnMapping) -> dict[str, str]:
    rules = ProgressRules(fields())
    assert isinstance(made.words, RuleWords)
    pairs = (replace(pair, rule=rules.spelled(pair.rule)) for pair in made.words.pairs)
    return RuleWords(tuple(pairs)).stored


def test_words_are_set_by_command_and_an_empty_one_is_removed() -> None:
    said = {
        "Stage:Permits": {
            "Approved": ["PTO", "Permit OK"],
            "REJECTED": ["Permit in"],
            "SUBMITTED": [],
        },
        "Stage": {"Done": ["Paid"], "new": ["Sold"]},
    }
    made = column(fields(), "Stage", column_words=said)
    changed = {
        "Permits:APPROVED": "PTO",
        "Permits:APPROVED~Permit OK": "Permit OK",
        "Permits:REJECTED": "Permit in",
        "Done": "Paid",
        "New job": "Sold",
    }
    kept = {rule: word for rule, word in PROPOSED.items() if rule != "Permits:SUBMITTED"}
    assert words_of(made) == kept | changed


def test_stored_words_are_kept_and_nothing_is_proposed_again() -> None:
    stored = column(fields(), "Stage").words
    assert stored
    before = StoredMapping(0, {2: "progress", 1: "site_id"}, {2: stored.stored})
    said: dict[str, Any] = {"Stage:Permits": {"APPROVED": []}}
    again = column(fields(), "Stage", before=before, column_words=said)
    assert again.words
    before = StoredMapping(0, before.fields_by_index, {2: again.words.stored})
    last = column(fields(), "Stage", before=before)
    assert last.words == again.words
    assert "Permits:APPROVED" not in words_of(last)


def test_an_option_that_is_gone_is_stored_and_not_written() -> None:
    before = StoredMapping(0, {2: "progress", 1: "site_id"}, {2: {"signed": "Contract"}})
    made = column(fields(), "Stage", before=before)
    assert made.words
    assert made.words.stored == made.words.ended == {"signed": "Contract"}


@pytest.mark.parametrize(
    ("name", "status", "word", "message"),
    [
        ("Stage:Permits", "APPROVED", "Nope", "has no option 'Nope' for Permits:APPROVED"),
        ("Stage:Roof", "APPROVED", "PTO", "No milestone is called 'Roof'"),
        ("Stage:Permits", "ON_HOLD", "PTO", "'ON_HOLD' is no status for a word"),
        ("Stage", "APPROVED", "PTO", "is nothing that a whole job can show"),
        ("Phase:Permits", "APPROVED", "PTO", "No column is called 'Phase:Permits'"),
    ],
)
def test_unknown_choices_list_known_ones(name: str, status: str, word: str, message: str) -> None:
    with pytest.raises(Permanent) as error:
        column(fields(), "Stage", column_words={name: {status: [word]}})
    assert message in error.value.message


CONFIG = "\n".join(
    f'[[milestones]]\ndefinitions = ["{step.key}"]\nheader = "{step.header}"\n'
    for step in MILESTONES
)


@pytest.fixture
def theirs(google: Emulator, sqlite_url: str, tmp_path: Path) -> Stand:
    """Two jobs with a site survey and permits, on a board with one column for the whole job."""
    stand = Stand(google, sqlite_url, with_more(tmp_path, CONFIG))
    stand.fill([["Client", "Phone", "Stage"], ["Ada", "303-555-0101", ""]])
    stand.drop_down(2, *STAGES, "Call first")
    for job in (1, 2):
        stand.send(event(job, 1, "APPROVED", 1), event(job, 3, "SUBMITTED", 2))
    stand.map("--write")
    return stand


def event(job: int, number: int, status: str, day: int, **more: Any) -> dict[str, Any]:
    when = f"2026-03-{day:02d}T10:00:00Z"
    return milestone(
        job, 100 + number, name=NAMES[number - 1], status=status, date_updated=when, **more
    )


def stages(stand: Stand) -> list[str]:
    rows = stand.tab("Sheet1", "data(rowData(values(formattedValue)))")["data"][0]["rowData"]
    lines = [[cell.get("formattedValue", "") for cell in row.get("values", ())] for row in rows]
    return [line[2] for line in lines[2:] if len(line) > 3 and line[3]]


def type_stage(stand: Stand, job: int, word: str) -> None:
    stand.fill([[None, None, word]], row=1 + job)


@pytest.mark.long
def test_the_command_proposes_shows_and_changes_the_words(theirs: Stand) -> None:
    """Over HTTP, with `--set` and a milestone in `--word`; a second run changes that word alone."""
    theirs.shown()
    assert stages(theirs) == ["Permit in", "Permit in"]
    said = theirs.map("--set", "Stage=progress", "--word", "Stage:Permits:APPROVED=Install")
    assert "'Install' is Permits:APPROVED" in said
    theirs.map("--word", "Stage:Permits:APPROVED=Install", "--write")
    words = theirs.mapped()["tabs"][0]["columns"][2]["words"]
    assert words["Permits:APPROVED"] == "Install"
    assert words["Permits:SUBMITTED"] == "Permit in"
    theirs.shown(event(1, 3, "APPROVED", 3))
    assert stages(theirs) == ["Install", "Permit in"]


@pytest.mark.long
def test_typed_words_yield_to_news_and_are_never_moved_backward(theirs: Stand) -> None:
    theirs.shown()
    type_stage(theirs, 1, "Install")
    type_stage(theirs, 2, "Call first")
    remark = comment("Call the customer.", "2026-03-03T10:00:00Z")
    theirs.shown(*(event(job, 3, "SUBMITTED", 3, comments=[remark]) for job in (1, 2)))
    assert stages(theirs) == ["Install", "Call first"], "a comment changes no result: no news"
    theirs.compare()
    kept = [(cell.shows, cell.everbright) for cell in theirs.compared.kept]
    assert kept == [("Install", "Permit in")], "an option without a step is no difference"
    theirs.shown(*(event(job, 3, "APPROVED", 4) for job in (1, 2)))
    assert stages(theirs) == ["Install", "Permit OK"], "never backward"
    theirs.shown(*(event(job, 3, "INPROG", 5) for job in (1, 2)))
    assert stages(theirs) == ["Site survey", "Site survey"], "Permits were reopened"
    theirs.compare()
    assert theirs.compared.kept == []
