"""Where a job stands, as the page of the sheet by example has it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sync.core.cells import content, readable
from sync.core.events import CHANGE_ORDER, CONTRACT, Event, Job, Line, Task, apply
from sync.core.layout import Layout, Links
from sync.core.standing import Kind, Standing, Statuses
from sync.core.store import JobRow
from sync.settings.config_file import CONFIG_FILE, MilestoneConfig, load_config
from sync.webhooks.schema import Comment

TITLES = ("Site Survey", "Design", "Permits", "Installation", "Permission to Operate")
TODAY = datetime(2026, 11, 27, 18, tzinfo=UTC)
_CONFIG = load_config(CONFIG_FILE)


def definition(title: str) -> str:
    number = ("", *TITLES, "Interconnection", "Construction & Signoff", "HOA Approval").index(title)
    return f"00000000-0000-4000-8000-{number:012d}"


def statuses(*titles: str) -> Statuses:
    steps = tuple(MilestoneConfig(definitions=(definition(t),), header=t) for t in titles)
    return Statuses(_CONFIG.model_copy(update={"milestones": steps}))


ORDERED, UNORDERED = statuses(*TITLES), statuses()
WITH_INTERCONNECTION = statuses(*TITLES[:3], "Interconnection", *TITLES[3:])


def nov(day: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, 17, minute, tzinfo=UTC)


_count = iter(range(10**9))


def event(
    title: str,
    status: str,
    at: datetime,
    tasks: Mapping[str, str] = {},
    *,
    ready: bool = False,
    missing: tuple[str, ...] = (),
    said: tuple[str, str] | None = None,
    received: datetime | None = None,
) -> Event:
    """Return a milestone's event; `said` is an author and a comment that came with it."""
    comments: tuple[Comment, ...] = ()
    if said:
        first, _, last = said[0].partition(" ")
        names = {"commentor_first_name": first, "commentor_last_name": last}
        comments = (Comment(comment=said[1], timestamp=at, **names),)
    of = {"Contract": CONTRACT, "Change order": CHANGE_ORDER}.get(title) or definition(title)
    return Event(
        "site",
        (at, at, received or at, str(next(_count))),
        at,
        of,
        title,
        status,
        tuple(Task(name=n, status=s, is_missing=n in missing) for n, s in tasks.items()),
        ready,
        comments,
    )


def comment(author: str, text: str, at: datetime, title: str = "") -> Event:
    first, _, last = author.partition(" ")
    said = Comment(comment=text, timestamp=at, commentor_first_name=first, commentor_last_name=last)
    return Event("site", (at, at, at, str(next(_count))), at, comments=(said,))


def job(*events: Event) -> Job:
    known = Job()
    for each in events:
        known = apply(known, each, ORDERED.is_rejected).job
    return known


def approved(*titles: str, day: int = 1) -> list[Event]:
    return [event(title, "APPROVED", nov(day, n)) for n, title in enumerate(titles)]


SURVEYED = approved("Site Survey", "Design")
REVIEWED = event("Permits", "SUBMITTED", nov(10))
MISSING_PAGE = ("Nora Quist", "The roof plan is missing a page.")
BLURRY = ("Nora Quist", "Attic photo is blurry.")


def reject(title: str, day: int, *tasks: str, said: tuple[str, str] | None = None) -> Event:
    return event(title, "REJECTED", nov(day), dict.fromkeys(tasks, "REJECTED"), said=said)


CASES = {
    "contract sent": (
        job(event("Contract", "SENT", nov(18))),
        ORDERED,
        ("Contract sent", "Us", 9, "Get the contract signed", "Contract", Kind.TO_DO),
    ),
    "contract signed": (
        job(event("Contract", "SIGN", nov(20))),
        ORDERED,
        (
            "Contract signed, Site Survey next",
            "Us",
            7,
            "Fill out Site Survey in EverBright",
            "Site Survey",
            Kind.TO_DO,
        ),
    ),
    "contract voided": (
        job(event("Contract", "SENT", nov(18)), event("Contract", "VOID", nov(25))),
        ORDERED,
        ("Contract voided", "Us", 2, "Get a new contract signed", "Contract", Kind.REJECTED),
    ),
    "under review with a change order": (
        job(*SURVEYED, REVIEWED, event("Change order", "SENT", nov(26))),
        ORDERED,
        (
            "Permits under review",
            "Us",
            17,
            "Get the change order signed\nEverBright is reviewing",
            "Permits",
            Kind.REVIEW,
        ),
    ),
    "under review": (
        job(*SURVEYED, REVIEWED),
        ORDERED,
        (
            "Permits under review",
            "EverBright",
            17,
            "EverBright is reviewing",
            "Permits",
            Kind.REVIEW,
        ),
    ),
    "under review, still ready to submit": (
        job(*SURVEYED, event("Permits", "SUBMITTED", nov(10), ready=True)),
        ORDERED,
        (
            "Permits under review",
            "EverBright",
            17,
            "EverBright is reviewing",
            "Permits",
            Kind.REVIEW,
        ),
    ),
    "under review, a person commented": (
        job(
            *SURVEYED,
            REVIEWED,
            comment("Nora Quist", "Customer threatens to cancel, call today.", nov(25)),
        ),
        ORDERED,
        (
            "Permits under review",
            "Us",
            17,
            (
                '"Customer threatens to cancel, call today." \u2013 Nora Quist, Nov 25\n'
                "EverBright is reviewing"
            ),
            "Permits",
            Kind.REVIEW,
        ),
    ),
    "under review, a comment of long ago": (
        job(*SURVEYED, REVIEWED, comment("Nora Quist", "Call them.", nov(12))),
        ORDERED,
        (
            "Permits under review",
            "EverBright",
            17,
            "EverBright is reviewing",
            "Permits",
            Kind.REVIEW,
        ),
    ),
    "rejected with a reason": (
        job(*SURVEYED, REVIEWED, reject("Permits", 24, "Plan set", said=MISSING_PAGE)),
        ORDERED,
        (
            "Permits rejected",
            "Us",
            3,
            'Fix Plan set and resubmit\n"The roof plan is missing a page." \u2013 Nora Quist',
            "Permits",
            Kind.REJECTED,
        ),
    ),
    "a task rejected under a submitted milestone": (
        job(
            event("Site Survey", "SUBMITTED", nov(20), {"Site photos": "COMP"}),
            event("Site Survey", "SUBMITTED", nov(24), {"Site photos": "REJECTED"}, said=BLURRY),
        ),
        ORDERED,
        (
            "Site Survey rejected",
            "Us",
            3,
            'Fix Site photos and resubmit\n"Attic photo is blurry." \u2013 Nora Quist',
            "Site Survey",
            Kind.REJECTED,
        ),
    ),
    "two tasks rejected, one after the other": (
        job(
            *SURVEYED,
            reject("Permits", 24, "Plan set", said=MISSING_PAGE),
            event(
                "Permits",
                "REJECTED",
                nov(25),
                {"Plan set": "REJECTED", "Load calculation": "REJECTED"},
                said=("Nora Quist", "Wrong breaker."),
            ),
        ),
        ORDERED,
        (
            "Permits rejected",
            "Us",
            3,
            (
                "Fix Plan set and Load calculation, then resubmit\n"
                'Load calculation: "Wrong breaker." \u2013 Nora Quist\n'
                'Plan set: "The roof plan is missing a page." \u2013 Nora Quist'
            ),
            "Permits",
            Kind.REJECTED,
        ),
    ),
    "two milestones rejected": (
        job(
            *approved("Site Survey"),
            reject("Design", 20, "Plan set", said=MISSING_PAGE),
            reject("Permits", 24, "Load calculation", said=("Nora Quist", "Wrong breaker.")),
        ),
        ORDERED,
        (
            "Design and Permits rejected",
            "Us",
            7,
            (
                "Fix and resubmit Design (Plan set) and Permits (Load calculation)\n"
                'Load calculation: "Wrong breaker." \u2013 Nora Quist\n'
                'Plan set: "The roof plan is missing a page." \u2013 Nora Quist'
            ),
            "Design",
            Kind.REJECTED,
        ),
    ),
    "more to do beside a rejection": (
        job(
            *approved("Site Survey"),
            event("Design", "INPROG", nov(20), ready=True),
            event(
                "Permits",
                "REJECTED",
                nov(24),
                {"Plan set": "REJECTED", "Utility bill": "INPROG", "Load calculation": "INPROG"},
                missing=("Plan set", "Utility bill"),
                said=MISSING_PAGE,
            ),
            event("Installation", "INPROG", nov(25), {"Photos": "INPROG"}, missing=("Photos",)),
        ),
        ORDERED,
        (
            "Permits rejected",
            "Us",
            3,
            (
                "Fix Plan set and resubmit\n"
                '"The roof plan is missing a page." \u2013 Nora Quist\n'
                "Submit Design\n"
                "Finish Permits: upload Utility bill\n"
                "Finish Installation: upload Photos"
            ),
            "Permits",
            Kind.REJECTED,
        ),
    ),
    "in progress": (
        job(
            *approved("Site Survey", "Design", "Permits"),
            event(
                "Installation",
                "INPROG",
                nov(22),
                {"Job card": "INPROG", "Photos": "INPROG", "Plan": "APPROVED"},
                missing=("Job card", "Photos"),
            ),
        ),
        ORDERED,
        (
            "Installation in progress",
            "Us",
            5,
            "Finish Installation: upload Job card, Photos",
            "Installation",
            Kind.TO_DO,
        ),
    ),
    "ready to submit": (
        job(
            *SURVEYED,
            event("Permits", "INPROG", nov(20)),
            event("Permits", "INPROG", nov(25), ready=True),
        ),
        ORDERED,
        ("Permits ready to submit", "Us", 2, "Submit Permits", "Permits", Kind.READY),
    ),
    "approved, the next one follows": (
        job(*SURVEYED, event("Permits", "APPROVED", nov(25))),
        ORDERED,
        (
            "Permits approved, Installation next",
            "Us",
            2,
            "Fill out Installation in EverBright",
            "Installation",
            Kind.TO_DO,
        ),
    ),
    "approved, nobody has confirmed the order": (
        job(*SURVEYED, event("Permits", "APPROVED", nov(25))),
        UNORDERED,
        ("Permits approved", "Us", 2, "", "Permits", Kind.TO_DO),
    ),
    "two under review": (
        job(*SURVEYED, REVIEWED, event("Interconnection", "SUBMITTED", nov(12))),
        WITH_INTERCONNECTION,
        (
            "Permits and Interconnection under review",
            "EverBright",
            17,
            "EverBright is reviewing",
            "Permits",
            Kind.REVIEW,
        ),
    ),
    "canceled": (
        job(*approved("Site Survey"), event("Design", "CANCELED", nov(24))),
        ORDERED,
        (
            "Design canceled",
            "Us",
            3,
            "Submission canceled: find out why, then resubmit",
            "Design",
            Kind.TO_DO,
        ),
    ),
    "a status that the config doesn't name": (
        job(*SURVEYED, event("Permits", "ON_HOLD", nov(26))),
        ORDERED,
        ("Permits: On hold", "", 1, "", "Permits", Kind.OTHER),
    ),
    "the same, and it could be submitted": (
        job(*SURVEYED, event("Permits", "PENDING_APPROVAL", nov(26), ready=True)),
        ORDERED,
        ("Permits: Pending approval", "", 1, "", "Permits", Kind.OTHER),
    ),
    "the same, passed by": (
        job(
            *SURVEYED,
            event("Permits", "PENDING_APPROVAL", nov(20)),
            event("Installation", "APPROVED", nov(24)),
        ),
        ORDERED,
        ("Permits: Pending approval", "", 7, "", "Permits", Kind.OTHER),
    ),
    "a comment while nobody knows who has it": (
        job(*SURVEYED, event("Permits", "ON_HOLD", nov(20)), comment("Al Poe", "Call.", nov(25))),
        ORDERED,
        (
            "Permits: On hold",
            "Us",
            7,
            '"Call." \u2013 Al Poe, Nov 25',
            "Permits",
            Kind.OTHER,
        ),
    ),
    "the next milestone has no status": (
        job(event("Contract", "SIGN", nov(20)), event("Site Survey", "", nov(1))),
        ORDERED,
        (
            "Contract signed, Site Survey next",
            "Us",
            7,
            "Fill out Site Survey in EverBright",
            "Site Survey",
            Kind.TO_DO,
        ),
    ),
    "passed by, and open again": (
        job(*approved("Site Survey", "Design", "Permits"), event("Contract", "SENT", nov(26))),
        ORDERED,
        (
            "Permits approved, Contract next",
            "Us",
            1,
            "Get the contract signed",
            "Contract",
            Kind.TO_DO,
        ),
    ),
    "one can be submitted, another be finished": (
        job(
            *SURVEYED,
            event("Permits", "INPROG", nov(20), ready=True),
            event("Installation", "INPROG", nov(24), {"Photos": ""}, missing=("Photos",)),
        ),
        ORDERED,
        (
            "Installation in progress",
            "Us",
            3,
            "Submit Permits\nFinish Installation: upload Photos",
            "Installation",
            Kind.READY,
        ),
    ),
    "only a milestone outside the order": (
        job(event("Construction & Signoff", "APPROVED", nov(20))),
        ORDERED,
        ("Construction & Signoff approved", "", None, "", "", Kind.OTHER),
    ),
    "done": (job(*approved(*TITLES)), ORDERED, ("Done", "", None, "", "", Kind.DONE)),
    "the name ends in approval": (
        job(event("HOA Approval", "APPROVED", nov(20))),
        UNORDERED,
        ("HOA approved", "Us", 7, "", "HOA Approval", Kind.TO_DO),
    ),
}


def shown(standing: Standing) -> tuple[str, str, int | None, str, str, Kind]:
    days = (TODAY.date() - standing.since.date()).days if standing.since else None
    actions = "\n".join(standing.actions)
    return (
        standing.status, standing.waiting_on, days, actions, standing.waiting_at, standing.kind
    )  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_sheet_by_example(case: str) -> None:
    known, reader, expected = CASES[case]
    assert shown(reader.standing(known, TODAY)) == expected


LAYOUT = Layout(ORDERED, UTC, Links("https://e.test", has_copies=False, has_customers=False))


def row(state: Job) -> JobRow:
    """Return a row of a job that isn't laid out."""
    customer = {"customer": "Ada Birch", "phone": "555-0100"}
    found = JobRow("s", state, customer, True, "", 0.0, 1, 1, 0, "new")
    found.standing = ORDERED.standing(state, TODAY)
    return found


def test_archiving_is_a_line_of_history_once() -> None:
    def told(job: Job, hour: int, *, is_archived: bool) -> tuple[Job, list[tuple[str, str]]]:
        at = nov(20) + timedelta(hours=hour)
        event = Event("site", (at, at, at, str(hour)), at, is_archived=is_archived)
        found = apply(job, event, ORDERED.is_rejected)
        cells = [LAYOUT.line(line, row(job)) for line in found.lines]
        return found.job, [(readable(each["what"]), readable(each["to"])) for each in cells]

    job, lines_ = told(Job(), 0, is_archived=True)
    assert lines_ == [("Job", "Archived")]
    job, lines_ = told(job, 1, is_archived=True)
    assert lines_ == []
    job, lines_ = told(job, 2, is_archived=False)
    assert lines_ == [("Job", "Restored")]


def test_archived_and_restored() -> None:
    known = job(*SURVEYED, REVIEWED)
    archive = Event("site", (nov(20), nov(20), nov(20), "a"), nov(20), is_archived=True)
    archived = apply(known, archive, ORDERED.is_rejected).job
    assert shown(ORDERED.standing(archived, TODAY))[:4] == ("Archived", "", None, "")
    restore = Event("site", (nov(21), nov(21), nov(21), "b"), nov(21), is_archived=False)
    restored = apply(archived, restore, ORDERED.is_rejected).job
    assert ORDERED.standing(restored, TODAY).status == "Permits under review"


def test_a_late_event_of_an_earlier_day_changes_nothing_that_is_newer() -> None:
    events = [*SURVEYED, REVIEWED, event("Permits", "APPROVED", nov(25))]
    in_order = ORDERED.standing(job(*events), TODAY)
    assert ORDERED.standing(job(*reversed(events)), TODAY) == in_order


def test_a_state_between_two_equal_ones_makes_the_later_a_change() -> None:
    """REJECTED on the 20th is learned after SUBMITTED of the 10th and the 22nd."""
    late = event("Permits", "REJECTED", nov(20))
    known = job(REVIEWED, event("Permits", "SUBMITTED", nov(22)), late)
    assert [c.status for c in known.milestones[definition("Permits")].changes] == [
        "SUBMITTED",
        "REJECTED",
        "SUBMITTED",
    ]


def lines(*events: Event) -> list[tuple[str, str, str, bool]]:
    """Return What, To, Comment, and whether the line is dated, of each line."""
    known, found = Job(), []
    for each in events:
        applied = apply(known, each, ORDERED.is_rejected)
        known = applied.job
        for line in applied.lines:
            cells = LAYOUT.line(line, row(known))
            texts = [content(cells.get(name, {})) for name in ("what", "to", "comment")]
            found.append((texts[0], texts[1], texts[2], bool(cells["dated"])))
    return found


def test_the_lines_of_history() -> None:
    photos = {"Site photos": "REJECTED"}
    assert lines(
        event("Permits", "APPROVED", nov(27), said=("Nora Quist", "Looks good.")),
        event("Site Survey", "SUBMITTED", nov(26)),
        event("Site Survey", "SUBMITTED", nov(27), photos, said=BLURRY),
        comment("Nora Quist", "Please call the customer first.", nov(27)),
        event("Design", "REJECTED", nov(24), received=nov(26)),
        event("Contract", "SIGN", nov(26)),
        event("Change order", "SENT", nov(26)),
    ) == [
        ("Permits", "Approved", '"Looks good." \u2013 Nora Quist', False),
        ("Site Survey", "Submitted", "", False),
        (
            "Site Survey: Site photos",
            "Rejected",
            '"Attic photo is blurry." \u2013 Nora Quist',
            False,
        ),
        ("Comment", "", '"Please call the customer first." \u2013 Nora Quist', False),
        ("Design", "Rejected", "", True),
        ("Contract", "Signed", "", False),
        ("Change order", "Sent", "", False),
    ]


def test_a_repeated_event_adds_no_line() -> None:
    once = event("Permits", "APPROVED", nov(27), said=("Nora Quist", "Looks good."))
    assert len(lines(once, once)) == 1


def test_a_row_as_cells() -> None:
    known = job(*SURVEYED, event("Permits", "APPROVED", nov(3)))
    old = event("Installation", "REJECTED", TODAY - timedelta(days=400))
    known = apply(known, old, bool).job
    cells = LAYOUT.row(row(known), TODAY)
    texts = {column: readable(cell) for column, cell in cells.items()}
    assert texts["customer"] == "Ada Birch"
    assert texts[f"status:{definition('Permits')}"] == "Approved Nov 3"
    assert texts[f"status:{definition('Installation')}"] == "Rejected Oct 23, 2025"
    assert texts["waiting_on"] == "Us"
    assert cells["customer"]["textFormatRuns"][0]["format"]["link"]["uri"].endswith("/address/s")


def test_a_next_action_is_cut_at_5000_characters() -> None:
    known = job(*SURVEYED, reject("Permits", 24, "Plan set", said=("Nora Quist", "x" * 6000)))
    text = readable(LAYOUT.row(row(known), TODAY)["next_action"])
    assert len(text) == 5000
    assert text.endswith("\u2026 more in EverBright")


def test_line_is_stored_as_json() -> None:
    line = Line(definition="d", status="APPROVED", received=TODAY, at=TODAY)
    assert Line.model_validate_json(line.model_dump_json()) == line


def test_a_comment_that_comes_with_another_change_is_news() -> None:
    """A task's status changes while EverBright reviews, and somebody threatens to cancel."""
    later = event("Permits", "SUBMITTED", nov(25), {"Plan set": "COMP"}, said=("Al Poe", "Call!"))
    standing = ORDERED.standing(job(*SURVEYED, REVIEWED, later), TODAY)
    assert standing.waiting_on == "Us"
    assert standing.actions[0] == '"Call!" \u2013 Al Poe, Nov 25'


def test_days_count_from_the_day_of_the_status_and_not_of_a_comment() -> None:
    """A late rejection comes between two reviews, the second of which has a later comment."""
    first = event("Permits", "SUBMITTED", nov(3))
    second = event("Permits", "SUBMITTED", nov(10), said=("Al Poe", "Soon?"))
    second = replace(second, order=(nov(25), nov(10), nov(25), "x"))
    late = event("Permits", "REJECTED", nov(8), received=nov(26))
    in_order = ORDERED.standing(job(*SURVEYED, first, late, second), TODAY)
    out_of_order = ORDERED.standing(job(*SURVEYED, first, second, late), TODAY)
    assert out_of_order.since == in_order.since == nov(10)
    assert [to for _, to, _, _ in lines(first, second, late) if to] == [
        "Submitted", "Rejected", "Submitted"
    ]  # fmt: skip


def test_a_reason_belongs_to_the_task_that_it_came_with() -> None:
    """The webhook of the second rejection has the comments of both."""
    first = reject("Permits", 24, "Plan set", said=MISSING_PAGE)
    second = reject("Permits", 25, "Plan set", "Load calculation", said=("Al Poe", "Too old."))
    second = replace(second, comments=first.comments + second.comments)
    assert ORDERED.standing(job(*SURVEYED, first, second), TODAY).actions == (
        "Fix Plan set and Load calculation, then resubmit",
        'Load calculation: "Too old." \u2013 Al Poe',
        'Plan set: "The roof plan is missing a page." \u2013 Nora Quist',
    )


def test_the_reason_of_a_task_that_is_fixed_goes() -> None:
    """In whatever webhook it was fixed."""
    first = event("Permits", "SUBMITTED", nov(20), {"Plan set": "REJECTED"}, said=MISSING_PAGE)
    both = {"Plan set": "REJECTED", "Load calculation": "REJECTED"}
    second = event("Permits", "SUBMITTED", nov(22), both, said=("Al Poe", "Too old."))
    fixed = event("Permits", "SUBMITTED", nov(24), both | {"Plan set": "APPROVED"})
    wanted = ("Fix Load calculation and resubmit", '"Too old." \u2013 Al Poe')
    assert ORDERED.standing(job(*SURVEYED, first, second, fixed), TODAY).actions == wanted
    at_once = event("Permits", "SUBMITTED", nov(22), both | {"Plan set": "APPROVED"})
    assert ORDERED.standing(job(*SURVEYED, first, at_once), TODAY).actions == wanted[:1]


def test_what_is_said_with_a_submission_is_no_news_in_any_order() -> None:
    """EverBright sends the comment and the milestone in one moment, each in a webhook."""
    told = comment("Ada Birch", "Please review, thanks.", nov(20, 1), "Permits")
    submitted = event("Permits", "SUBMITTED", nov(20), said=("Ada Birch", "Please review, thanks."))
    submitted = replace(submitted, comments=told.comments)
    for events in ((told, submitted), (submitted, told)):
        standing = ORDERED.standing(job(*SURVEYED, *events), TODAY)
        assert (standing.waiting_on, standing.actions) == (
            "EverBright",
            ("EverBright is reviewing",),
        )


def test_a_rejected_task_has_one_line_when_webhooks_overtake_each_other() -> None:
    of_task = {"Site photos": "REJECTED"}
    first = event("Site Survey", "SUBMITTED", nov(20), of_task, said=BLURRY)
    later = event("Site Survey", "SUBMITTED", nov(20, 5), of_task)
    later = replace(later, comments=first.comments)
    told = lines(event("Site Survey", "SUBMITTED", nov(18)), later, first)
    assert [what for what, to, _, _ in told if to == "Rejected"] == ["Site Survey: Site photos"]


def test_of_two_definitions_in_one_column_a_listed_one_counts_less() -> None:
    one, two = definition("Permits"), definition("Interconnection")
    step = MilestoneConfig(definitions=(one, two), header="Permits")
    known = Statuses(_CONFIG.model_copy(update={"milestones": (step,)}))
    listed = replace(event("Interconnection", "INPROG", nov(24)), is_read=True)
    for events in ((REVIEWED, listed), (listed, REVIEWED)):
        assert known.standing(job(*events), TODAY).status == "Permits under review"


def test_a_milestone_that_is_only_listed_begins_after_the_one_before() -> None:
    """EverBright's list dates it when the job was made."""
    listed = replace(event("Permits", "INPROG", nov(1)), is_read=True)
    found = ORDERED.standing(
        job(listed, *approved("Site Survey"), event("Design", "APPROVED", nov(24))), TODAY
    )
    assert (found.status, found.since) == ("Permits in progress", nov(24))


def test_an_earlier_rejection_that_arrives_late_has_no_second_line() -> None:
    later = reject("Permits", 10, "Plan set")
    earlier = event("Permits", "REJECTED", nov(8), received=nov(26))
    told = lines(event("Permits", "SUBMITTED", nov(3)), later, earlier)
    assert [to for _, to, _, _ in told] == ["Submitted", "Rejected"]
