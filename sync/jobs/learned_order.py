"""Learns the order of milestones from the jobs that have reached them. Pure."""

from collections import Counter
from collections.abc import Callable
from itertools import combinations

from sync.jobs.model import Job, Origin
from sync.settings.config_file import Meaning


class LearnedOrder:
    """Counts, for each pair of milestones, in how many jobs each came first.

    The order is built from the left: next is the milestone that the fewest jobs (net) have reached
    after one of the remaining ones. Ties are broken by these, in this order:

    - milestones that no job has together with another are last, because such a job had begun
      before;
    - the number of jobs whose first event is of this milestone and is not a decision (a status that
      `means` approved or rejected): the most first, because those jobs began there;
    - the number of jobs that have reached it: the most first, because fewer reach a later one;
    - the earliest event; the definition.

    It does not depend on the order of arrival: a job's first events are minima over its events, the
    counts are sums over jobs, and each choice is the least by a total order.
    """

    def __init__(self, means: Callable[[str | None], Meaning]) -> None:
        self._means = means
        self._ahead: Counter[tuple[str, str]] = Counter()
        """Jobs in which the first came before the second."""
        self.jobs: Counter[str] = Counter()
        self._began: Counter[str] = Counter()
        self._first: dict[str, Origin] = {}
        self._related: set[str] = set()
        """Milestones that came before or after another in some job."""

    def add(self, job: Job) -> None:
        firsts: dict[str, Origin] = {}
        for definition, log in job.logs.items():
            self.jobs[definition] += 1
            began = log.began(self._means)
            if began:
                firsts[definition] = began
            first = began or log.first
            known = self._first.get(definition, first)
            self._first[definition] = min(known, first, key=lambda moment: moment.order)
        if firsts:
            start = min(firsts, key=lambda definition: firsts[definition].order)
            means = self._means(job.logs[start].statuses[-1].status)
            self._began[start] += means not in (Meaning.APPROVED, Meaning.REJECTED)
        for pair in combinations(firsts, 2):
            earlier, other = sorted(pair, key=lambda definition: firsts[definition].stamp)
            if firsts[earlier].stamp < firsts[other].stamp:
                self._ahead[earlier, other] += 1
                self._related |= {earlier, other}

    def definitions(self) -> list[str]:
        """Return the definitions of all milestones of the jobs, in the order learned."""
        rest = set(self.jobs)
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
        """Return how many more jobs have `definition` before `other` than after; 0 if fewer."""
        return max(0, self._ahead[definition, other] - self._ahead[other, definition])

    def _rank(self, definition: str) -> tuple[object, ...]:
        is_alone = definition not in self._related
        counts = (-self._began[definition], -self.jobs[definition])
        return (is_alone, *counts, self._first[definition].stamp, definition)
