"""Learns the order in which jobs go through milestones that the config does not name. Pure."""

from collections import Counter
from collections.abc import Container
from itertools import combinations

from sync.jobs.model import Job, Origin, earliest


class LearnedOrder:
    """Counts, for each pair of milestones, in how many jobs which came first.

    The order is found from the left: next comes the milestone that the fewest jobs (net) have
    reached after one of the rest. Equal ones go by these, in this order:

    - those last that no job has together with another: such a job was under way before;
    - in how many jobs the first event is of this milestone and no decision (a status in `decided`):
      most first, since those jobs began there;
    - how many jobs have reached it: most first, since fewer have got to a later milestone;
    - the earliest event; the definition.

    It does not depend on the order of arrival: a job's first events are minima over its events, the
    counts are sums over jobs, and each choice is the least by a total order.
    """

    def __init__(self, decided: Container[str | None]) -> None:
        self._decided = decided
        self._ahead: Counter[tuple[str, str]] = Counter()
        """Jobs in which the one came before the other."""
        self._jobs: Counter[str] = Counter()
        self._began: Counter[str] = Counter()
        self._first: dict[str, Origin] = {}
        self._related: set[str] = set()
        """Milestones that came before or after another in some job."""

    def add(self, job: Job) -> None:
        """Count a job."""
        firsts = {definition: log.first for definition, log in job.logs.items()}
        for definition, first in firsts.items():
            self._jobs[definition] += 1
            self._first[definition] = earliest((self._first.get(definition, first), first))
        if firsts:
            start = min(firsts, key=lambda definition: firsts[definition].order)
            self._began[start] += job.logs[start].statuses[-1].status not in self._decided
        for pair in combinations(firsts, 2):
            earlier, other = sorted(pair, key=lambda definition: firsts[definition].stamp)
            if firsts[earlier].stamp < firsts[other].stamp:
                self._ahead[earlier, other] += 1
                self._related |= {earlier, other}

    def jobs(self, definition: str) -> int:
        """Return how many jobs have reached a milestone."""
        return self._jobs[definition]

    def definitions(self) -> list[str]:
        """Return the definitions of all milestones of the jobs, in the order learned."""
        rest = set(self._jobs)
        behind = {
            definition: sum(self._net(other, definition) for other in rest) for definition in rest
        }
        order: list[str] = []
        while rest:
            chosen = min(rest, key=lambda definition: (behind[definition], *self._rank(definition)))
            rest.remove(chosen)
            order.append(chosen)
            for definition in rest:
                behind[definition] -= self._net(chosen, definition)
        return order

    def _net(self, definition: str, other: str) -> int:
        """Return how many more jobs have `one` before `other` than after it; 0 if fewer."""
        return max(0, self._ahead[definition, other] - self._ahead[other, definition])

    def _rank(self, definition: str) -> tuple[object, ...]:
        is_alone = definition not in self._related
        counts = (-self._began[definition], -self._jobs[definition])
        return (is_alone, *counts, self._first[definition].stamp, definition)
