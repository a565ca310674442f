"""Maps the words of a progress column to rules, and proposes such mappings. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sync.boards.mapping.fields import Fields
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
from sync.boards.progress_words import STATUSES, RuleWord, stored_words
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

ENOUGH_RULES, ENOUGH_MILESTONES = 3, 2
"""What a column's values must stand for: fewer may be about anything."""
_NAMELESS = FILLERS | ASPECT_TERMS["approved"] | {"to", "complete", "completed"}
"""Words of a milestone's name that don't tell it from another."""
_BY_MEANING = {"approved": APPROVED, "rejected": REJECTED, "waiting": SUBMITTED}
_SHORTEST_STEM = 4
_SURE, _PAST_TENSE, _NAME_ALONE = 0, 1, 9
"""Tiers of values; terms of the trade have those from 1 on, too."""


@dataclass(frozen=True)
class _Match:
    """A rule that a column's value may stand for.

    Of the milestones that a value names, that of the least `distance` counts; of the values for one
    rule, that of the lowest `tier`. Of the milestone Permit, "Permit in" is Submitted (_SURE),
    "Permitted" is Approved (_PAST_TENSE), and "Permit" is in progress (_NAME_ALONE).
    """

    rule: str
    tier: int
    distance: tuple[int, int]
    """How many parts of the milestone's name are missing; then the more are there, the nearer."""


@dataclass(frozen=True)
class RuleWords:
    """The words of a progress column; those of other columns are `TextWords`."""

    words: tuple[RuleWord, ...]
    ended: Mapping[str, str] = field(default_factory=dict)
    """Earlier words that are no longer options, as they are stored."""

    @property
    def written(self) -> dict[str, str]:
        return stored_words(self.words)

    @property
    def stored(self) -> dict[str, str]:
        """What is stored with the column: a word that is gone may be an option again."""
        return {**self.ended, **self.written}


@dataclass(frozen=True)
class ProgressRules:
    """The rules that there are, of the milestones that `fields` know."""

    fields: Fields

    @cached_property
    def _milestones(self) -> Sequence[Heading]:
        known = Milestones(self.fields.config)
        return [each for each in self.fields.milestones if not known.is_hidden(each.key)]

    @cached_property
    def groups(self) -> list[tuple[str, dict[str, str]]]:
        """How the rules read by id, in groups: the whole job's, then each milestone's."""
        groups = [("The job", dict(JOB_RULES))]
        for heading in self._milestones:
            rules = (milestone_rule(heading.key, status) for status in STATUSES)
            named = {rule: rule_label(rule, heading.header, self.fields.config) for rule in rules}
            groups.append((heading.header, named))
        return groups

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """How the rules read, by id."""
        return {rule: label for _, rules in self.groups for rule, label in rules.items()}

    def of(self, milestone: str, status: str) -> str:
        """Return the id of a rule from what a person wrote. Raises Permanent with what is known."""
        if not milestone and status in self.labels:
            return status
        if not milestone:
            by_name = {name.casefold(): rule for rule, name in JOB_RULES.items()}
            if rule := by_name.get(status.casefold()):
                return rule
            fix = f"Write MILESTONE:STATUS=WORD, or one of {', '.join(JOB_RULES.values())}."
            raise Permanent("no_rule", f"{status!r} is nothing that a whole job can show. {fix}")
        key = self.fields.id_of(f"status:{milestone}").partition(":")[2]
        config = self.fields.config
        for code, known in config.statuses.items():
            if status.casefold() in (code.casefold(), known.label.casefold()):
                meant = code if code in STATUSES else _BY_MEANING.get(known.means or "")
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

    def proposed(self, values: Sequence[str]) -> dict[str, str]:
        """Return the word for each rule: the value of a column that says it plainly.

        Where several say the same, none is proposed unless one says it for certain.
        """
        found: dict[str, dict[int, list[str]]] = {}
        for value in values:
            if meant := self._meant(value):
                rule, tier = meant
                found.setdefault(rule, {}).setdefault(tier, []).append(value)
        surest = {rule: tiers[min(tiers)] for rule, tiers in found.items()}
        return {rule: alike[0] for rule, alike in surest.items() if len(alike) == 1}

    def are_steps(self, values: Sequence[str]) -> bool:
        """Return whether the values of a column say how far a job is."""
        rules = self.proposed(values)
        milestones = {rule.partition(":")[0] for rule in rules if rule not in JOB_RULES}
        return len(rules) >= ENOUGH_RULES and len(milestones) >= ENOUGH_MILESTONES

    def _meant(self, value: str) -> tuple[str, int] | None:
        """Return the rule that a value stands for, and its tier."""
        text = plain(value)
        for rule, known in JOB_TERMS.items():
            if text in known:
                return rule, _SURE
        if text in PAID_TERMS:  # No other approval says that money came.
            paid = [key for key, name in self._names.items() if not PAYMENT_NAMES.isdisjoint(name)]
            return (milestone_rule(paid[-1], APPROVED), _SURE) if paid else None
        ignored = FILLERS | {"to"}
        tokens = [token for token in spelled_out(text).split() if token not in ignored]
        matches = sorted(self._matches(tokens), key=lambda match: match.distance)
        if not matches or (len(matches) > 1 and matches[0].distance == matches[1].distance):
            return None
        return matches[0].rule, matches[0].tier

    def _matches(self, tokens: Sequence[str]) -> Iterator[_Match]:
        """Yield a match for each milestone that `tokens` may name."""
        for key, stems in self._stems.items():
            named = [token for token in tokens if _stem(token) in stems]
            if not named:
                continue
            if rest := " ".join(token for token in tokens if token not in named):
                meant = self._statuses.get(rest)
            else:
                is_over = any(t.endswith("ed") for t in named if t not in self._names[key])
                meant = (APPROVED, _PAST_TENSE) if is_over else (IN_PROGRESS, _NAME_ALONE)
            if meant:
                status, tier = meant
                found = {_stem(token) for token in named}
                distance = len(stems - found), -len(found)
                yield _Match(milestone_rule(key, status), tier, distance)

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
    def _statuses(self) -> dict[str, tuple[str, int]]:
        """The status by a term for it, and its tier."""
        terms: dict[str, tuple[str, int]] = {}
        for status in STATUSES:
            label = self.fields.config.status_label(status)
            trade = self.fields.trade_terms.get(label, ())
            aspect = ASPECT_TERMS.get(status.casefold(), frozenset())
            tiers = ((plain(label), *aspect, *STEP_TERMS[status]), *trade)
            for tier, known in enumerate(tiers):
                for term in known:
                    tokens = spelled_out(term).split()
                    bare = " ".join(token for token in tokens if token not in FILLERS)
                    terms.setdefault(bare, (status, tier))
        return terms


def _stem(token: str) -> str:
    """Return what "permits", "permitting" and "permitted" have in common."""
    for suffix in ("ation", "ion", "ing", "ed", "s"):
        stem = token.removesuffix(suffix)
        if stem != token and len(stem) >= _SHORTEST_STEM:
            token = stem
            break
    return token[:-1] if len(token) > _SHORTEST_STEM and token[-1] == token[-2] else token
