"""What Google does not take: which jobs and lines rest, and what is to be tried again. Pure."""

from collections.abc import Iterable, Sequence

_TRIES = 3
"""A batch of one job that is refused so often is refused for that job."""
_MOST = 20
"""With more jobs than this it is not the jobs that Google does not take."""
_REST = 300.0
_LONGEST_REST = 3600.0


class Aside:
    """Sets a job aside for a while (seconds of any clock), so that it delays no other."""

    def __init__(self) -> None:
        self._refused: dict[str, int] = {}
        self._until: dict[str, float] = {}

    def sites(self) -> frozenset[str]:
        """Return the jobs that are set aside; nothing else is written together with them."""
        return frozenset(self._until)

    def resting(self, now: float) -> frozenset[str]:
        """Return those that are not to be tried yet."""
        return frozenset(site for site, until in self._until.items() if until > now)

    def due(self, now: float) -> str | None:
        """Return one that is to be tried again, alone."""
        return next((site for site, until in self._until.items() if until <= now), None)

    def refuse(self, site: str, now: float) -> bool:
        """Count that a job was refused alone; tell whether it is aside by now."""
        count = self._refused[site] = self._refused.get(site, 0) + 1
        if site not in self._until and (count < _TRIES or len(self._until) >= _MOST):
            return False
        rest = min(_REST * 2.0 ** (count - _TRIES), _LONGEST_REST)
        self._until[site] = now + rest
        return True

    def take(self, sites: Iterable[str]) -> None:
        """Keep that these were taken, or have nothing to be written any more."""
        for site in sites:
            self._refused.pop(site, None)
            self._until.pop(site, None)


class Lines:
    """Lines of the history go along with jobs, and alone once they may be what is not taken."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit: int | None = None
        self._was_turn = False  # Whether the last batch of those apart was of lines.
        self._is_other_taken = False
        self._aside = Aside()

    def resting(self, now: float) -> frozenset[int]:
        """Return the lines (seq of their changes) that are not to be tried yet."""
        return frozenset(map(int, self._aside.resting(now)))

    def share(self, has_jobs: bool) -> tuple[bool, int]:
        """Return whether jobs go into the next batch, and how many lines at most."""
        if self._limit is None:
            return True, self._most
        self._was_turn = not (has_jobs and self._was_turn)
        return (False, self._limit) if self._was_turn else (True, 0)

    def refuse(self, lines: Sequence[int], has_job: bool, now: float) -> bool:
        """Keep that a batch was refused; tell whether to go on at once, without what is at fault.

        `has_job` tells that one job was in it, which may be at fault as well.
        """
        if has_job:
            self._limit = self._most
            self._is_other_taken = False
            self._was_turn = True  # The job goes first.
            return True
        self._is_other_taken = self._is_other_taken and self._limit is not None
        self._limit = max(1, len(lines) // 2)
        if len(lines) > 1:
            return True
        # Where nothing is taken, it is not the line.
        if self._is_other_taken and self._aside.refuse(str(lines[0]), now):
            self._limit = None
            return True
        return False

    def have_none(self) -> None:
        """Keep that there are no lines to go alone: the next go along with jobs again."""
        self._limit = None

    def take(self, lines: Sequence[int], has_jobs: bool) -> None:
        """Keep that a batch was taken."""
        self._aside.take(map(str, lines))
        self._is_other_taken = True
        if self._limit is not None and lines and not has_jobs:
            is_all = len(lines) < self._limit or self._limit == self._most
            self._limit = None if is_all else min(self._most, 2 * self._limit)
