"""Sends what is due at a time of day: digests, and an alert about near deadlines."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import NamedTuple

from sync.jobs.cells import EMPTY, Cell, day_of
from sync.jobs.model import placeholder_name
from sync.jobs.status import is_stuck
from sync.jobs.target import Target
from sync.ops.alerts import Alerts, Channel, Message, mail_channels
from sync.status.verdict import evaluate
from sync.store.history import recent_changes
from sync.store.reported import Reported
from sync.wiring import Wiring

HOUR = 7
"""When they are sent, unless DIGEST_HOUR is set."""
_LATEST = timedelta(hours=6)
"""How long after its hour a digest is still sent, on the same day; then it waits for the next."""
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_MOST = 30
"""Most jobs or changes that a part of the digest lists."""
_LONGEST = 20_000
"""Characters of an email."""
_NOW = partial(datetime.now, UTC)
_FIELDS = ("status", "days", "deadline", "payment_due", "rep")


@dataclass(frozen=True)
class DigestJob:
    """A job in the digest; `days` is None unless the job is open."""

    site: str
    customer: str
    rep: str
    status: str
    days: int | None
    is_stuck: bool
    deadline: date | None
    is_unpaid: bool


def digest_jobs(wiring: Wiring, slot: datetime) -> Iterator[DigestJob]:
    """Yield the jobs as the sheet shows them on the day of `slot`."""
    layout = wiring.layout()
    for target in wiring.sheet_store().pending.every():
        if not target.job.is_lead:
            yield _digest_job(layout.lay_out(target, _FIELDS), slot, layout.stuck_days)


def _digest_job(target: Target, slot: datetime, stuck_days: int) -> DigestJob:
    cells = target.cells

    def day(column: str) -> date | None:
        cell = cells.get(column, EMPTY)
        return day_of(cell, slot.tzinfo) if cell.when else None

    today, since, due = slot.date(), day("days"), day("payment_due")
    days = (today - since).days if since else None
    return DigestJob(
        site=target.site,
        customer=target.customer.name or placeholder_name(target.site),
        rep=target.rep or (cells["rep"].text if "rep" in cells else ""),
        status=cells["status"].text if "status" in cells else "",
        days=days,
        is_stuck=days is not None and is_stuck(days, stuck_days),
        deadline=day("deadline") if since else None,
        is_unpaid=due is not None and due < today,
    )


def send_digests(wiring: Wiring, alerts: Alerts, clock: Callable[[], datetime] = _NOW) -> None:
    """Send the messages that are due; `clock` returns the time in UTC. Raises BrightsheetError."""
    settings = wiring.settings
    hour = HOUR if settings.digest_hour is None else settings.digest_hour
    now = clock().astimezone(settings.zone)
    slot = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    if not slot <= now < slot + _LATEST or not settings.alert_urls:
        return
    reported = Reported(wiring.database)
    if settings.digest_hour is not None:
        send = partial(_send_daily, wiring, alerts, slot)
        reported.once(f"digest {slot:%Y-%m-%d}", send)
    send = partial(_alert_deadlines, wiring, alerts, slot)
    reported.once(f"deadlines {slot:%Y-%m-%d}", send)
    is_its_day = f"{slot:%A}".lower() == settings.weekly_digest
    left = _recipients(wiring, reported, slot) if is_its_day else {}
    # Once an hour, because a server may refuse an address for good.
    if left and reported.claim(f"weekly digest {now:%Y-%m-%d %H}:00"):
        _send_weekly(wiring, reported, slot, left)


def _send_daily(wiring: Wiring, alerts: Alerts, slot: datetime) -> bool:
    now = wiring.backlog()
    config = wiring.config()
    changes = recent_changes(wiring.database, (slot - _DAY).timestamp())
    latest = {(one.site, one.subject): one for one in changes if not one.is_found}.values()
    approved = sum(one.is_milestone_status and config.is_approved(one.after) for one in latest)
    # A milestone with a rejected task reads as rejected in the sheet.
    rejected = {(one.site, one.milestone) for one in latest if config.is_rejected(one.after)}
    stuck = sum(job.is_stuck for job in digest_jobs(wiring, slot))
    problems = evaluate(now)
    lines = [
        f"Approved since yesterday: {approved}, rejected: {len(rejected)}.",
        f"Stuck jobs: {stuck}.",
        f"Documents: {now.failed_documents} failed, {now.documents} pending.",
    ]
    if not problems:
        lines.append("The sheet is up to date.")
    return alerts.deliver("\n".join([*lines, *(problem.explained for problem in problems)]))


def _alert_deadlines(wiring: Wiring, alerts: Alerts, slot: datetime) -> bool:
    near = _near_deadlines(digest_jobs(wiring, slot), slot.date())
    if not near:
        return True
    named = (f"{placeholder_name(job.site)}: {_day(job.deadline)}" for job in near[:_MOST])
    count = "1 deadline is" if len(near) == 1 else f"{len(near)} deadlines are"
    return alerts.deliver("\n".join([f"{count} within a week:", *named]))


class _Recipient(NamedTuple):
    """Who gets the weekly digest: the office, which gets all of it, or a rep."""

    channel: Channel
    rep: str = ""


def _recipients(wiring: Wiring, reported: Reported, slot: datetime) -> dict[str, _Recipient]:
    """Return who hasn't got the weekly digest yet, by the name under which that is stored."""
    urls = wiring.settings.alert_urls
    found = [_Recipient(channel) for channel in mail_channels(urls)]
    for rep, address in wiring.config().reps.items():
        found += [_Recipient(channel, rep) for channel in mail_channels(urls, address)[:1]]
    # By number, because such names are kept when personal data is deleted.
    names = {f"weekly digest {slot:%Y-%m-%d} {number}": one for number, one in enumerate(found)}
    return {name: one for name, one in names.items() if not reported.is_known(name)}


def _send_weekly(
    wiring: Wiring, reported: Reported, slot: datetime, left: Mapping[str, _Recipient]
) -> None:
    """Send everything to the office, and each rep's part to the rep."""
    jobs = list(digest_jobs(wiring, slot))
    changes = list(_changes(wiring, slot, {job.site: job.customer for job in jobs}))
    for name, (channel, rep) in left.items():
        own = [job for job in jobs if rep in ("", job.rep)]
        sites = {job.site for job in own}
        text = _text(own, [line for site, line in changes if site in sites], slot.date())
        if channel.deliver(Message(text, longest=_LONGEST)):
            reported.claim(name)


def _changes(
    wiring: Wiring, slot: datetime, customers: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield the changes since the last weekly digest, newest first: each job's site, and a line."""
    layout = wiring.layout()
    for change in recent_changes(wiring.database, (slot - _WEEK).timestamp())[::-1]:
        line = layout.history_line(change, Cell()) if change.site in customers else None
        if line is None:
            continue
        states = " → ".join(filter(None, (line.before.text, line.after.text)))
        text = f"{customers[change.site]}: {line.what.text}{', ' if states else ''}{states}"
        yield change.site, f"{text}, {_day(change.stamp.astimezone(slot.tzinfo))}"


def _text(jobs: Sequence[DigestJob], changes: Sequence[str], today: date) -> str:
    stuck = sorted((job for job in jobs if job.is_stuck), key=lambda job: -(job.days or 0))
    unpaid = sum(job.is_unpaid for job in jobs)
    return "\n".join(
        [
            *_part("Stuck jobs", [f"{j.customer}: {j.status}, {j.days} days" for j in stuck]),
            *_part(
                "Deadlines within a week",
                [f"{j.customer}: {_day(j.deadline)}" for j in _near_deadlines(jobs, today)],
            ),
            f"Approved but unpaid: {unpaid}",
            *_part("Changes in the last seven days", changes),
        ]
    )


def _near_deadlines(jobs: Iterable[DigestJob], today: date) -> list[DigestJob]:
    near = [job for job in jobs if job.deadline and today <= job.deadline <= today + _WEEK]
    return sorted(near, key=lambda job: (job.deadline or today, job.site))


def _day(day: date | None) -> str:
    return f"{day:%b} {day.day}" if day else ""


def _part(title: str, lines: Sequence[str]) -> list[str]:
    more = [f"- and {len(lines) - _MOST} more"] if len(lines) > _MOST else []
    return [f"{title}: {len(lines)}", *(f"- {line}" for line in lines[:_MOST]), *more]
