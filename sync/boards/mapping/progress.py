"""Lists the rules that words can stand for, and proposes a progress column's words. Pure."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sync.boards.mapping.fields import Fields
from sync.boards.mapping.progress_order import STATUSES
from sync.boards.mapping.vocabulary import (
    ASPECT_TERMS,
    FILLERS,
    JOB_TERMS,
    PAID_TERMS,
    PAYMENT_NAMES,
    STEP_TERMS,
    plain,
    spelled_out,
)
from sync.errors import Permanent
from sync.jobs.milestones import Heading, Milestones
from sync.jobs.progress import (
    APPROVED,
    IN_PROGRESS,
    JOB_RULES,
    REJECTED,
    SUBMITTED,
    milestone_rule,
    rule_label,
)
from sync.settings.config_file import Meaning

ENOUGH_RULES, ENOUGH_MILESTONES = 3, 2
"""What a column's values must stand for: fewer may be about anything."""
_NAMELESS = FILLERS | ASPECT_TERMS["approved"] | {"to", "complete", "completed"}
"""Words of a milestone's name that don't tell it from another."""
_BY_MEANING = {
    Meaning.APPROVED: APPROVED,
    Meaning.REJECTED: REJECTED,
    Meaning.WAITING: SUBMITTED,
}
_NUMBERING = re.compile(r"^\d+ ")
"""Before a stage, so that stages sort: "3. Design"."""
_SHORTEST_STEM = 4
_CERTAIN, _PAST_TENSE, _ACTIVITY, _NAME_ALONE = 0, 1, 8, 9
"""How vague a guess is. Of several values for one rule, the least vague is its word.

| vagueness | the value has the milestone's name   | for example               |
|-----------|--------------------------------------|---------------------------|
| 0         | beside a usual term for a status     | "Permit in": Submitted    |
| 1, 2, …   | beside a term of the trade (by list) | "Permit done": Approved   |
| 1         | in the past tense                    | "Permitted": Approved     |
| 8         | as an activity                       | "Permitting": in progress |
| 9         | alone                                | "Permit": in progress     |

The order of the values counts, too: after "Permit in" or "Permit OK", "Permit" is Approved.
"""


@dataclass(frozen=True)
class _StatusTerm:
    """What a term stands for: a status, more or less vaguely."""

    status: str
    vagueness: int


@dataclass(frozen=True)
class _RuleGuess:
    """A rule that a column's value may stand for."""

    rule: str
    vagueness: int = _CERTAIN
    missing: int = 0
    """The number of words of the milestone's name that the value lacks."""
    present: int = 0
    """The number of words of the milestone's name that the value has."""

    @property
    def distance(self) -> tuple[int, int]:
        """Of the milestones that a value may name, the one at the least distance counts."""
        return self.missing, -self.present


@dataclass(frozen=True)
class ProgressRules:
    """The rules that a word can stand for, of the milestones that `fields` know."""

    fields: Fields

    @cached_property
    def _milestones(self) -> Sequence[Heading]:
        known = Milestones(self.fields.config)
        return [each for each in self.fields.milestones if not known.is_hidden(each.key)]

    @cached_property
    def groups(self) -> list[tuple[str, dict[str, str]]]:
        """The labels of the rules by ID, in groups: the whole job's, then each milestone's."""
        groups = [("The job", dict(JOB_RULES))]
        for heading in self._milestones:
            rules = (milestone_rule(heading.key, status) for status in STATUSES)
            named = {rule: rule_label(rule, heading.header, self.fields.config) for rule in rules}
            groups.append((heading.header, named))
        return groups

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """The labels of the rules, by ID."""
        return {rule: label for _, rules in self.groups for rule, label in rules.items()}

    def parse_rule(self, milestone: str, status: str) -> str:
        """Return the id of a rule from what a person wrote. Raises Permanent with what is known."""
        if not milestone:
            if status in self.labels:  # The console sends its ID.
                return status
            by_name = {name.casefold(): rule for rule, name in JOB_RULES.items()}
            if rule := by_name.get(status.casefold()):
                return rule
            fix = f"Write MILESTONE:STATUS=WORD, or one of {', '.join(JOB_RULES.values())}."
            raise Permanent("no_rule", f"{status!r} is nothing that a whole job can show. {fix}")
        key = self.fields.id_of(f"status:{milestone}").partition(":")[2]
        config = self.fields.config
        for code, known in config.statuses.items():
            if status.casefold() in (code.casefold(), known.label.casefold()):
                meant = code if code in STATUSES else _BY_MEANING.get(known.means)
                if meant:
                    return milestone_rule(key, meant)
        fix = f"Write one of {', '.join(STATUSES)}."
        raise Permanent("no_status", f"{status!r} is no status for a word. {fix}")

    def spelled(self, rule: str) -> str:
        """Return a rule as people write it: with the milestone's name."""
        milestone, _, status = rule.rpartition(":")
        if not milestone:
            return JOB_RULES.get(rule, rule)
        return f"{self.fields.header(milestone)}:{status}"

    def propose_words(self, values: Sequence[str]) -> dict[str, str]:
        """Return the word for each rule: the value of a column that says it plainly.

        Where several say the same equally plainly, none is proposed.
        """
        by_rule = defaultdict[str, list[tuple[int, str]]](list)
        for value in values:
            if guess := self._guess(value):
                rule = guess.rule
                if guess.vagueness == _NAME_ALONE:
                    key = rule.rpartition(":")[0]
                    approved = milestone_rule(key, APPROVED)
                    if milestone_rule(key, SUBMITTED) in by_rule or approved in by_rule:
                        rule = approved
                by_rule[rule].append((guess.vagueness, value))
        words: dict[str, str] = {}
        for rule, found in by_rule.items():
            least = min(vagueness for vagueness, _ in found)
            plainest = [value for vagueness, value in found if vagueness == least]
            if len(plainest) == 1:
                words[rule] = plainest[0]
        return words

    def are_about_progress(self, values: Sequence[str]) -> bool:
        """Return whether the values of a column say how far a job is."""
        rules = self.propose_words(values)
        milestones = {rule.partition(":")[0] for rule in rules if rule not in JOB_RULES}
        return len(rules) >= ENOUGH_RULES and len(milestones) >= ENOUGH_MILESTONES

    def _guess(self, value: str) -> _RuleGuess | None:
        """Return the rule that a value stands for; None if none or several do."""
        text = _NUMBERING.sub("", plain(value))
        for rule, terms in JOB_TERMS.items():
            if text in terms:
                return _RuleGuess(rule)
        if text in PAID_TERMS:  # No other approval says that money came.
            paid = [key for key, name in self._names.items() if not PAYMENT_NAMES.isdisjoint(name)]
            return _RuleGuess(milestone_rule(paid[-1], APPROVED)) if paid else None
        ignored = FILLERS | {"to"}
        tokens = [token for token in spelled_out(text).split() if token not in ignored]
        guesses = [found for key in self._stems if (found := self._guess_for(key, tokens))]
        least = min((guess.distance for guess in guesses), default=None)
        nearest = [guess for guess in guesses if guess.distance == least]
        return nearest[0] if len(nearest) == 1 else None

    def _guess_for(self, key: str, tokens: Sequence[str]) -> _RuleGuess | None:
        """Return what a value's words say of one milestone; None if they don't name it."""
        stems = self._stems[key]
        named = [token for token in tokens if _stem(token) in stems]
        if not named:
            return None
        rest = " ".join(token for token in tokens if token not in named)
        said: _StatusTerm | None
        if tokens == ["in", *named]:  # "In design", and not "Permit in".
            said = _StatusTerm(IN_PROGRESS, _CERTAIN)
        elif rest:
            said = self._status_terms.get(rest)
        elif any(token.endswith("ed") and token not in self._names[key] for token in named):
            said = _StatusTerm(APPROVED, _PAST_TENSE)
        elif any(token.endswith("ing") and token not in self._names[key] for token in named):
            said = _StatusTerm(IN_PROGRESS, _ACTIVITY)
        else:
            said = _StatusTerm(IN_PROGRESS, _NAME_ALONE)
        if said is None:
            return None
        present = {_stem(token) for token in named}
        rule = milestone_rule(key, said.status)
        return _RuleGuess(rule, said.vagueness, len(stems - present), len(present))

    @cached_property
    def _names(self) -> dict[str, list[str]]:
        return {
            heading.key: spelled_out(plain(heading.header)).split() for heading in self._milestones
        }

    @cached_property
    def _stems(self) -> dict[str, frozenset[str]]:
        stems = {
            key: frozenset(_stem(word) for word in words if word not in _NAMELESS)
            for key, words in self._names.items()
        }
        return {key: known for key, known in stems.items() if known}

    @cached_property
    def _status_terms(self) -> dict[str, _StatusTerm]:
        """The status by each term that may be beside a milestone's name."""
        known: dict[str, _StatusTerm] = {}
        for status in STATUSES:
            label = self.fields.config.status_label(status)
            aspect = ASPECT_TERMS.get(status.casefold(), frozenset())
            certain = (plain(label), *aspect, *STEP_TERMS[status])
            trade = self.fields.trade_terms.get(label, ())
            for vagueness, terms in enumerate((certain, *trade), _CERTAIN):
                for term in terms:
                    tokens = spelled_out(term).split()
                    bare = " ".join(token for token in tokens if token not in FILLERS)
                    known.setdefault(bare, _StatusTerm(status, vagueness))
        return known


def _stem(token: str) -> str:
    """Return what "permits", "permitting" and "permitted" have in common."""
    for suffix in ("ation", "ion", "ing", "ed", "s"):
        stem = token.removesuffix(suffix)
        if stem != token and len(stem) >= _SHORTEST_STEM:
            token = stem
            break
    return token[:-1] if len(token) > _SHORTEST_STEM and token[-1] == token[-2] else token
