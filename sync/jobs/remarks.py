"""Finds the comment to show with a change of status, and when the change happened. Pure.

The rule for notes, History and *Last comment*: a remark is a comment by a person, shown with its
author. The newest of a job is its *Last comment*. A remark is shown with a change of status only if
the milestone's event before the change did not have it, or, at the milestone's first event, if it
was written no earlier than that event's `date_updated`.

EverBright does not send who made a decision, so no name is shown for it. Its bot may comment that
it "approved milestone ...": the time of that comment is then the time of the change.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from sync.jobs.model import UNDATED, MilestoneLog, StatusSeen, comment_key
from sync.settings.config_file import Config, Meaning
from sync.webhooks.schema import Comment

_DECISIONS = {
    Meaning.APPROVED: re.compile(r"\bapproved milestone\b", re.IGNORECASE),
    Meaning.REJECTED: re.compile(r"\brejected milestone\b", re.IGNORECASE),
    Meaning.WAITING: re.compile(r"\bsubmitted milestone\b", re.IGNORECASE),
    Meaning.CANCELED: re.compile(r"\bcancell?ed\b", re.IGNORECASE),
}
"""Patterns of the bot's comments on decisions, by the meaning of the status.

Source: EverBright's sample for approval and submission; the others are guesses.
"""


class Remarks:
    """Distinguishes people's comments from the bot's by the patterns in the config."""

    def __init__(self, config: Config) -> None:
        self._bots = [re.compile(pattern, re.IGNORECASE) for pattern in config.words.bots]
        self._meaning = config.configured_meaning

    def is_by_bot(self, comment: Comment) -> bool:
        """Return whether a comment is automatic, or its author's name is a bot's."""
        names = (comment.commentor, comment.author)
        return comment.is_automatic or any(
            pattern.search(name) for pattern in self._bots for name in names
        )

    def newest(self, comments: Iterable[Comment]) -> Comment | None:
        """Return the newest comment by a person."""
        written = (
            comment for comment in comments if comment.comment and not self.is_by_bot(comment)
        )
        return max(written, key=comment_order, default=None)

    def remark_about(
        self, comments: Iterable[Comment], log: MilestoneLog, change: StatusSeen
    ) -> Comment | None:
        """Return the newest of a milestone's comments that arrived with `change`."""
        found = [comment for comment in comments if _came_with(comment, log, change)]
        if change.order == log.first.order:
            since = change.updated
            found = [c for c in found if c.timestamp and since and c.timestamp >= since]
        return self.newest(found)

    def moment(
        self, comments: Iterable[Comment], log: MilestoneLog, change: StatusSeen
    ) -> datetime:
        """Return when `change` happened (UTC), by the bot's comment or else by the event."""
        decision = _DECISIONS.get(self._meaning(change.status))
        times = [
            at
            for at, text in self._by_bot(comments, log, change)
            if decision and decision.search(text)
        ]
        return max(times, default=change.stamp)

    def decision(
        self, comments: Iterable[Comment], log: MilestoneLog, change: StatusSeen
    ) -> str | None:
        """Return the meaning of `change` by the bot's newest comment on it, or None."""
        for _, text in sorted(self._by_bot(comments, log, change), reverse=True):
            for means, decision in _DECISIONS.items():
                if decision.search(text):
                    return means
        return None

    def _by_bot(
        self, comments: Iterable[Comment], log: MilestoneLog, change: StatusSeen
    ) -> Iterator[tuple[datetime, str]]:
        """Yield the dates and texts of the bot's comments that arrived with `change`."""
        for comment in comments:
            is_of_change = self.is_by_bot(comment) and _came_with(comment, log, change)
            if is_of_change and comment.timestamp and comment.timestamp <= change.stamp:
                yield comment.timestamp, comment.comment


def _came_with(comment: Comment, log: MilestoneLog, change: StatusSeen) -> bool:
    moment = log.comments.get(comment_key(comment))
    return moment is not None and moment.order == change.order


def comment_order(comment: Comment) -> tuple[object, ...]:
    """Return the sort key of comments: the largest is the newest."""
    return (comment.timestamp or UNDATED, comment.uuid or "", comment.comment)


def text_with_author(comment: Comment) -> str:
    """Return a comment in quotation marks, followed by its author."""
    quoted = f'"{comment.comment}"'
    return f"{quoted} – {comment.author}" if comment.author else quoted  # noqa: RUF001
