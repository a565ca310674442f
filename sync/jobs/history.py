"""Makes the History lines of an event: what changed, from what to what, and why. Pure.

A line shows what was known when its event arrived, and is never rewritten. A comment is in one line
only: that of the change that it arrived with, or else its own.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sync.jobs import contracts
from sync.jobs.model import (
    COMMENT,
    CONTRACT,
    QUOTE,
    RE_SIGN,
    Change,
    Event,
    Job,
    Origin,
    StatusSeen,
    comment_key,
)
from sync.jobs.projection import re_signed, valid
from sync.jobs.remarks import Remarks, comment_order, text_with_author
from sync.settings.config_file import Config
from sync.webhooks.schema import Comment, OtherEvent


class HistoryLines:
    """Compares a job before and after an event, by the config."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._remarks = Remarks(config)

    def milestone_changes(self, before: Job, after: Job, new: Event) -> list[Change]:
        """Return the lines for `new`: of its status, its tasks, and its comments."""
        milestone, comments = new.milestone, self._new_comments(before, new)
        about = {"milestone": milestone.milestone_definition, "name": milestone.name}
        changes = self._status_changes(before, after, new, about)
        if changes and comments:
            text = text_with_author(comments.pop())
            changes[-1] = changes[-1].model_copy(update={"comment": text})
        if re_signed(after, self._config) and not re_signed(before, self._config):
            changes.append(_change(after.site, new, subject=RE_SIGN, after="SIGN"))
        return [*changes, *(_comment(after.site, new, comment, **about) for comment in comments)]

    def other_changes(
        self, before: Job, after: Job, event: OtherEvent, digest: str, received: datetime
    ) -> list[Change]:
        """Return the lines for the event of another webhook."""
        if after.is_lead:
            return []
        origin = Origin(stamp=received, received=received, digest=digest)
        changes = _contract_changes(before, after, origin)
        changes += _value_changes(before, after, event.values)
        about = _milestone_with(after, event.milestone_uuid)
        known_comments = _known_comments(before)
        new = [
            comment for comment in after.other_comments if _identity(comment) not in known_comments
        ]
        comments = self._by_people(new)
        return [*changes, *(_comment(after.site, origin, one, **about) for one in comments)]

    def _status_changes(
        self, before: Job, after: Job, new: Event, about: dict[str, str]
    ) -> list[Change]:
        """Return the lines for the statuses in `new`, compared with those just before it.

        If the event just after it has the same status and arrived earlier, the change already has a
        line.
        """
        definition, is_rejected = new.milestone.milestone_definition, self._config.is_rejected
        known, log = before.logs.get(definition), after.logs[definition]
        orders = [seen.order for seen in log.statuses]
        if new.order not in orders:
            return []  # A read that adds nothing to the webhooks before and after it.
        place = orders.index(new.order)
        seen = log.statuses[place]
        for one in known.statuses if known else ():
            is_replaced = one.is_from_api and one.order not in orders
            if one.order == new.order or (is_replaced and one.is_same_as(seen)):
                return []  # It is applied again, or it takes the place of a read.
        # The newest is first: in [APPROVED, SUBMITTED, INPROG], SUBMITTED is followed by APPROVED,
        # so its line is "INPROG to SUBMITTED".
        following = log.statuses[place - 1] if place else None
        previous = log.statuses[place + 1] if place + 1 < len(orders) else None
        old_status = previous.status if previous else None
        is_new = following is None or following.status != seen.status
        has_changed = is_new and seen.status != old_status
        changes: list[Change] = []
        if has_changed:
            line = {
                "subject": definition,
                "stamp": self._remarks.moment(new.milestone.comments, log, seen),
                "before": old_status,
                "after": seen.status,
            }
            if is_rejected(seen.status):
                # This line names the rejected tasks.
                rejected = [t.name for t in seen.tasks if t.name and is_rejected(t.status)]
                return [_change(after.site, new, **line, tasks=tuple(rejected), **about)]
            changes.append(_change(after.site, new, **line, **about))
        later, earlier = _statuses_of_tasks(following), _statuses_of_tasks(previous)
        for name, status in _statuses_of_tasks(seen).items():
            old = earlier.get(name)
            if status in (old, later.get(name)):
                continue
            # A corrected task has a line only if the milestone's own status is as before.
            if is_rejected(status) or (not has_changed and is_rejected(old)):
                line = {"subject": f"{definition}\n{name}", "before": old, "after": status}
                changes.append(_change(after.site, new, **line, tasks=(name,), **about))
        return changes

    def _new_comments(self, before: Job, new: Event) -> list[Comment]:
        """Return the comments by people that no earlier event had, the oldest first.

        The first event of a milestone has all the comments ever written there. Those older than
        both that event and the first event of the job are not new.
        """
        definition, comments = new.milestone.milestone_definition, new.milestone.comments
        known, happened = _known_comments(before), new.updated or new.received
        if definition not in before.logs:
            since = min([happened, *(log.first.received for log in before.logs.values())])
            comments = tuple(c for c in comments if c.timestamp and c.timestamp >= since)
        return self._by_people(comment for comment in comments if _identity(comment) not in known)

    def _by_people(self, comments: Iterable[Comment]) -> list[Comment]:
        written = (c for c in comments if c.comment and not self._remarks.is_by_bot(c))
        return sorted(written, key=comment_order)


def _statuses_of_tasks(event: StatusSeen | None) -> dict[str, str | None]:
    return {task.name: task.status for task in event.tasks if task.name} if event else {}


def _identity(comment: Comment) -> str:
    return comment.uuid or comment_key(comment)


def _known_comments(job: Job) -> set[str]:
    keys = [key for log in job.logs.values() for key in log.comments]
    return {*keys, *(key.partition(" ")[2] for key in keys), *map(_identity, job.other_comments)}


def _contract_changes(before: Job, after: Job, origin: Origin) -> list[Change]:
    changes, known = list[Change](), contracts.by_name(before)
    for name, logs in contracts.by_name(after).items():
        old, new = contracts.current(known.get(name, ())), contracts.current(logs)
        if new and (old is None or old.state != new.state):
            states = {"before": old.state.value if old else None, "after": new.state.value}
            changes.append(
                _change(after.site, origin, subject=CONTRACT, stamp=new.since, name=name, **states)
            )
    previous, last = contracts.last_change_order(before), contracts.last_change_order(after)
    if last and (previous is None or previous[0] != last[0]):
        number = str(len(after.change_orders))
        quotes = {"before": contracts.current_quote(before) or None, "after": last[0] or None}
        changes.append(
            _change(after.site, origin, subject=QUOTE, stamp=last[1].at, name=number, **quotes)
        )
    return changes


def _value_changes(before: Job, after: Job, subjects: Iterable[str]) -> Iterator[Change]:
    """Yield the lines for values with another value than before."""
    for subject in subjects:
        fact, known = after.facts[subject], before.facts.get(subject)
        old = known.value if known else ""
        if fact.value != old:
            values = {"before": old or None, "after": fact.value or None}
            yield _change(after.site, fact, subject=subject, **values)


def _milestone_with(job: Job, uuid: str | None) -> dict[str, str]:
    """Return the definition and name of the milestone with a UUID; {} if it is unknown."""
    for definition, event in job.events.items():
        if uuid and event.milestone.uuid == uuid:
            return {"milestone": definition, "name": event.milestone.name}
    return {}


def _comment(site: str, origin: Origin, comment: Comment, **about: str) -> Change:
    written = [comment.timestamp] if comment.timestamp else []
    return _change(
        site,
        origin,
        subject=COMMENT,
        digest=_identity(comment),
        stamp=max(valid(written, origin.received), default=origin.stamp),
        comment=text_with_author(comment),
        **about,
    )


def _change(site: str, origin: Origin, **values: Any) -> Change:
    known = {"digest": origin.digest, "stamp": origin.stamp, "received": origin.received}
    return Change(site=site, **{**known, **values})
