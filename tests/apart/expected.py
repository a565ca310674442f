"""What the sheet should show of made-up lives, computed from them alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from tests.apart.lives import (
    CHANGE_ORDER,
    CONTRACT,
    MILESTONES,
    OUTSIDE,
    REPS,
    Happening,
    Life,
    Said,
)

LABELS = {
    "SUBMITTED": "Submitted",
    "REJECTED": "Rejected",
    "APPROVED": "Approved",
    "INPROG": "In progress",
    "CANCELED": "Canceled",
    "ON_HOLD": "On hold",
    "SENT": "Sent",
    "SIGN": "Signed",
    "VOID": "Voided",
}
NEWS_DAYS = 14
STUCK_DAYS, CONTRACT_DAYS = 14, 3


@dataclass
class Now:
    """How a milestone stands: its status, since when, and the rejections that are open."""

    title: str
    status: str
    since: datetime
    last: Happening
    reasons: list[tuple[str, Said]]
    """The rejected tasks, each with its reason, the newest first."""


@dataclass
class Standing:
    """Where a job stands, as the first columns show it."""

    status: str
    waiting_on: str = ""
    since: datetime | None = None
    actions: tuple[str, ...] = ()
    waiting_at: str = ""
    kind: str = ""


def day(moment: datetime) -> str:
    return f"{moment:%b} {moment.day}"


def quoted(said: Said) -> str:
    return f'"{said.text}" – {said.author}'


def milestones(life: Life) -> dict[str, Now]:
    """Return how each milestone of a job stands."""
    found = dict[str, Now]()
    for each in life.happenings:
        if each.of in ("", CHANGE_ORDER):
            continue
        before = found.get(each.of)
        since = before.since if before and _look(before.last) == _look(each) else each.at
        told = [] if before is None else [r for r in before.reasons if r[0] in each.rejected]
        new = [task for task in each.rejected if task not in [t for t, _ in told]]
        told = [(task, each.said) for task in new if each.said] + told
        found[each.of] = Now(each.of, each.status, since, each, told)
    return found


def _look(each: Happening) -> tuple[str, bool]:
    """Return what EverBright says, in the words of the sheet, and whether it can be submitted."""
    is_rejected = bool(each.rejected) and each.status == "SUBMITTED"
    return "REJECTED" if is_rejected else each.status, each.is_ready and each.status == "INPROG"


def comments(life: Life) -> list[tuple[str, Said]]:
    """Return what people said that isn't private, with the milestone, the oldest first."""
    return [
        (each.of, each.said)
        for each in life.happenings
        if each.said and not each.said.is_private and not each.said.is_by_bot
    ]


def is_archived(life: Life) -> bool:
    told = [each.status for each in life.happenings if not each.of]
    return told[-1:] == ["ARCHIVED"]


def standing(life: Life, today: datetime) -> Standing:
    """Return where a job stands by the page of the sheet by example."""
    if is_archived(life):
        return Standing("Archived", kind="archived")
    found = milestones(life)
    contract, steps = found.get(CONTRACT), [found[m] for m in MILESTONES if m in found]
    if not steps:
        return _of_contract(contract) if contract else Standing(f"{OUTSIDE} approved", kind="other")
    rejected = [step for step in steps if _look(step.last)[0] == "REJECTED"]
    if rejected:
        return _rejected(rejected, [step for step in steps if step.status == "INPROG"])
    review = [step for step in steps if step.status == "SUBMITTED"]
    if review:
        return _review(life, review, today)
    return _furthest(steps[-1])


def _of_contract(contract: Now) -> Standing:
    status, action, at, kind = {
        "SENT": ("Contract sent", "Get the contract signed", CONTRACT, "to do"),
        "VOID": ("Contract voided", "Get a new contract signed", CONTRACT, "rejected"),
        "SIGN": (
            "Contract signed, Site Survey next",
            "Fill out Site Survey in EverBright",
            "Site Survey",
            "to do",
        ),
    }[contract.status]
    return Standing(status, "Us", contract.since, (action,), at, kind)


def _furthest(last: Now) -> Standing:
    if last.status == "INPROG" and last.last.is_ready:
        title = last.title
        return Standing(
            f"{title} ready to submit", "Us", last.since, (f"Submit {title}",), title, "ready"
        )
    if last.status == "INPROG":
        missing = ", ".join(last.last.missing)
        action = f"Finish {last.title}: upload {missing}"
        return Standing(
            f"{last.title} in progress", "Us", last.since, (action,), last.title, "to do"
        )
    if last.status == "CANCELED":
        action = "Submission canceled: find out why, then resubmit"
        return Standing(f"{last.title} canceled", "Us", last.since, (action,), last.title, "to do")
    if last.status == "ON_HOLD":
        return Standing(f"{last.title}: On hold", "", last.since, (), last.title, "other")
    assert last.status == "APPROVED"
    if last.title == MILESTONES[-1]:
        return Standing("Done", kind="done")
    following = MILESTONES[MILESTONES.index(last.title) + 1]
    return Standing(
        f"{last.title} approved, {following} next",
        "Us",
        last.since,
        (f"Fill out {following} in EverBright",),
        following,
        "to do",
    )


def _rejected(rejected: Sequence[Now], others: Sequence[Now]) -> Standing:
    titles = " and ".join(step.title for step in rejected)
    oldest = min(rejected, key=lambda step: step.since)
    reasons = [reason for step in rejected for reason in step.reasons]
    reasons.sort(key=lambda reason: reason[1].at, reverse=True)
    if len(rejected) > 1:
        parts = [f"{s.title} ({', '.join(_in_order(s))})" for s in rejected]
        first = f"Fix and resubmit {' and '.join(parts)}"
    elif len(reasons) > 1:
        first = f"Fix {' and '.join(_in_order(rejected[0]))}, then resubmit"
    else:
        first = f"Fix {reasons[0][0]} and resubmit"
    is_one = len(reasons) == 1
    texts = [quoted(said) if is_one else f"{task}: {quoted(said)}" for task, said in reasons]
    lines = (first, *texts, *(action for step in others for action in _furthest(step).actions))
    status = f"{titles} rejected"
    return Standing(status, "Us", oldest.since, lines, rejected[0].title, "rejected")


def _in_order(step: Now) -> list[str]:
    return [*step.last.rejected]


def _review(life: Life, review: Sequence[Now], today: datetime) -> Standing:
    titles = " and ".join(step.title for step in review)
    since = min(step.since for step in review)
    newest = max(step.since for step in review)
    said = [
        each
        for _, each in comments(life)
        if each.at > newest and today - each.at < timedelta(days=NEWS_DAYS)
    ]
    lines = [f"{quoted(each)}, {day(each.at)}" for each in reversed(said)]
    orders = [each.status for each in life.happenings if each.of == CHANGE_ORDER]
    if orders[-1:] == ["SENT"]:
        lines.append("Get the change order signed")
    who = "Us" if lines else "EverBright"
    lines.append("EverBright is reviewing")
    return Standing(f"{titles} under review", who, since, (*lines,), review[0].title, "review")


def row(life: Life, today: datetime) -> dict[str, str]:
    """Return the texts that a job's row should show, by header; blank ones, too."""
    now, found = standing(life, today), milestones(life)
    town, state, code = life.town
    told, newest = comments(life), life.happenings[-1].at
    cells = {
        "Customer": life.name,
        "Status": now.status,
        "Days": str((today.date() - now.since.date()).days) if now.since else "",
        "Next action": "\n".join(now.actions),
        "Waiting on": now.waiting_on,
        "Rep": life.rep,
        "Notes": "",
        "Follow up": "",
        "Updated": f"{_date(newest)} {newest:%-I:%M %p}",
        "Phone": life.phone,
        "Address": f"{life.line}, {town}, {state} {code}",
        "Email": life.email,
        "Contract": "",
        "Last comment": quoted(told[-1][1]) if told else "",
        # A contract that is signed again has another one, so milestones alone say it.
        "Quote": life.quote if {*found} - {CONTRACT, CHANGE_ORDER} else "",
        "Re-signed": "",
        "Waiting at": now.waiting_at,
        "Kind": now.kind,
        "Site ID": life.site,
    }
    for title in (*MILESTONES, OUTSIDE):
        papers = [e.document for e in life.happenings if e.of == title and e.document]
        cells[f"{title} documents"] = "\n".join(papers)
        cells[title] = ""
    for title, step in found.items():
        status, is_ready = _look(step.last)
        cells[title] = f"{'Ready' if is_ready else LABELS[status]} {day(step.since)}"
    return cells


def lines(life: Life) -> list[tuple[str, str, str, str, str]]:
    """Return the lines of *History* of a job: Customer, What, To, Comment, and the day."""
    found, before = list[tuple[str, str, str, str, str]](), dict[str, Happening]()
    for each in life.happenings:
        if not each.of:
            found.append((life.name, "Job", each.status.capitalize(), "", _date(each.at)))
            continue
        last = before.get(each.of)
        before[each.of] = each
        is_shown = each.said and not each.said.is_private and not each.said.is_by_bot
        text = quoted(each.said) if each.said and is_shown else ""
        when = _date(each.at)
        if last is None or last.status != each.status:
            found.append((life.name, each.of, LABELS[each.status], text, when))
        elif {*each.rejected} != {*last.rejected}:
            new = [(t, "Rejected") for t in each.rejected if t not in last.rejected]
            fixed = [(t, "Fixed") for t in last.rejected if t not in each.rejected]
            found += [(life.name, f"{each.of}: {t}", to, text, when) for t, to in new + fixed]
        elif text:
            found.append((life.name, f"Comment on {each.of}", "", text, when))
    return found


def _date(at: datetime) -> str:
    return f"{at.month}/{at.day}/{at.year}"


def pipeline(found: Iterable[dict[str, str]]) -> dict[str, list[str]]:
    """Return the rows of *Pipeline*, computed from those of *Jobs*, by label; 0 is blank."""
    rows = [each for each in found if each["Kind"] != "archived"]
    table = dict[str, list[str]]()
    for label in (CONTRACT, *MILESTONES, "Other", "Done", "All"):
        if label == "All":
            own = rows
        elif label in ("Other", "Done"):
            own = [r for r in rows if r["Kind"] == label.lower() and not r["Waiting at"]]
        else:
            own = [row for row in rows if row["Waiting at"] == label]
        kinds = [row["Kind"] for row in own]
        ages = [(int(row["Days"]), row["Waiting at"]) for row in own if row["Days"]]
        stuck = sum(age > (CONTRACT_DAYS if at == CONTRACT else STUCK_DAYS) for age, at in ages)
        counts = [len(own), *map(kinds.count, ("rejected", "review", "ready", "to do"))]
        middle = median(age for age, _ in ages) if ages else None
        shown = "" if middle is None else str(int(middle + 0.5))
        table[label] = [*(str(each or "") for each in counts), shown, str(stuck or "")]
    return table


Cards = dict[tuple[str, str], tuple[int, int]]
"""Whom to care for and what to do, each with what it is sorted by."""


def today_tab(found: Iterable[Life], today: datetime) -> list[tuple[str, Cards]]:
    """Return *Today*: the list of the reps, and again each with the jobs.

    What is new since the last working day is first, rejections before comments; the oldest on top.
    """
    friday = {0: 3, 6: 2}.get(today.weekday(), 1)
    since = (today - timedelta(days=friday)).date()
    cards: dict[str, Cards] = {rep: {} for rep in REPS}
    for life in found:
        cells = row(life, today)
        if cells["Waiting on"] == "Us":
            age = f"{cells['Days']} {'day' if cells['Days'] == '1' else 'days'}"
            kind, days = cells["Kind"], int(cells["Days"])
            is_said = life.happenings[-1].at.date() >= since
            is_new = (today - timedelta(days=days)).date() >= since
            is_new |= is_said and kind in ("rejected", "review")
            rank = 1 + (kind == "review") + 2 * (kind == "rejected") if is_new else 0
            new = "New: " if is_new else ""
            what = f"{new}{cells['Status']}, {age}\n{cells['Next action']}"
            cards[life.rep][f"{life.name}\n{life.phone}", what] = -rank, -days
    own = list[tuple[str, Cards]]()
    for rep, each in cards.items():
        news = sum(rank < 0 for rank, _ in each.values())
        heading = f"{rep} {len(each)} jobs" + (f", {news} new" if news else "")
        own.append((heading, dict(sorted(each.items(), key=lambda card: card[1]))))
    return [*((heading, {}) for heading, _ in own), *own]
