"""Jobs that Google does not take: which of them rest, and which is to be tried again. Pure."""

from collections.abc import Iterable

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
