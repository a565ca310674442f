"""A column's own words for the steps of a job. Pure.

A step is a milestone and how far it is: "DEFINITION:approved". A *status* column has the steps of
one milestone, a *Stage* column those of all.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sync.boards.headers import names_of, spelled_out
from sync.core.events import CONTRACT
from sync.core.people import plain
from sync.core.standing import Kind, Standing
from sync.settings.config_file import Meaning

MINE, NOTHING = "mine", "nothing"
Choice = tuple[str, ...] | str
"""What a word stands for: steps, MINE (it is never replaced), or NOTHING."""
Words = Mapping[str, Choice]
"""The words of a column, in the order of its drop-down."""
_MEANINGS = ("started", "ready", "rejected", "submitted", "approved")
"""From the earliest on: a submission that is rejected has gone back."""
SEEN_DAILY = ("started", "ready")
"""Read from the API once a day."""
_CONTRACT = {f"{CONTRACT}:submitted": "Contract sent", f"{CONTRACT}:approved": "Contract signed"}
NEW, DONE, ARCHIVED = "new", "done", "archived"
_TERMS = {
    "submitted": "submitted, in, sent, filed, applied, sub d, waiting, waiting on, waiting for, "
    "pending, in review, under review, enviado",
    "rejected": "rejected, denied, failed, redo, rework, back, kicked back, sent back, "
    "correction, revision, rechazado",
    "approved": "approved, ok, okay, issued, granted, passed, done, complete, completed, good, "
    "signed off, accepted, aprobado",
}
_MEANS = {term: meaning for meaning, terms in _TERMS.items() for term in terms.split(", ")}
_OF_JOB = {
    **dict.fromkeys(("sold", "contract signed", "signed"), f"{CONTRACT}:approved"),
    "contract sent": f"{CONTRACT}:submitted",
    "new": NEW,
    **dict.fromkeys(("done", "complete", "closed"), DONE),
    "archived": ARCHIVED,
}
_THEIRS = re.compile(r"\b(hold|cancel\w*|dead|lost|n a|na)\b")
_PAID = ("paid", "funded", "paid in full")


def steps(milestones: Mapping[str, str], definition: str = "") -> dict[str, str]:
    """Return the labels of the steps that words can stand for, the earliest first.

    Of one milestone if there is a `definition`.
    """
    found = {NEW: "New"}
    for key, title in milestones.items():
        labels = {f"{key}:{meaning}": f"{title} {meaning}" for meaning in _MEANINGS}
        found |= _CONTRACT if key == CONTRACT else labels
    found |= {DONE: "Done", ARCHIVED: "Archived"}
    if definition:
        found = {step: each for step, each in found.items() if step.startswith(f"{definition}:")}
    return found


_REACHED = {
    Meaning.APPROVED: ("started", "ready", "submitted", "approved"),
    Meaning.WAITING: ("started", "ready", "submitted"),
    Meaning.REJECTED: ("started", "ready", "submitted", "rejected"),
}


def reached(standing: Standing) -> list[str]:
    """Return all steps that a job has reached, the furthest first.

    Without an order, the milestone that has changed last is the furthest.
    """
    found = [NEW]
    for milestone in standing.milestones:
        begun: Sequence[str] = ("started", "ready") if milestone.is_ready else ("started",)
        if milestone.definition == CONTRACT:
            begun = ("submitted",) if milestone.log.now.status == "SENT" else ()
        passed = _REACHED.get(milestone.means, begun)
        found += [f"{milestone.definition}:{meaning}" for meaning in passed]
    ends = {Kind.DONE: [DONE], Kind.ARCHIVED: [ARCHIVED]}
    return [*ends.get(standing.kind, ()), *reversed(found)]


def current(reached: Iterable[str], words: Words) -> tuple[str, str]:
    """Return the furthest step that has a word, and the word; ("", "") if none has."""
    by_step = {step: word for word, said in words.items() for step in steps_of(said)}
    return next(((step, by_step[step]) for step in reached if step in by_step), ("", ""))


def steps_of(said: Choice) -> tuple[str, ...]:
    return () if isinstance(said, str) else said


def ranks(words: Words, steps: Iterable[str]) -> dict[str, float]:
    """Return how far each word is: as its last step, or between its neighbors in the list."""
    order = {step: float(number) for number, step in enumerate(steps)}
    found, last = dict[str, float](), -1.0
    for word, said in words.items():
        if not isinstance(said, str):
            last = max((order[step] for step in said if step in order), default=int(last) + 0.5)
            found[word] = last
    return found


def is_kept(typed: str, now: str, last: str | None, words: Words, steps: Sequence[str]) -> bool:
    """Return whether a typed word stays when EverBright's step becomes another.

    A word that is the office's own does; in a *Stage* column (`steps` are its), one that is ahead
    does until EverBright goes back. The word that stands for EverBright's last step isn't typed.
    """
    said = words.get(typed, ())
    if said == MINE:
        return True
    if not steps or last in steps_of(said):
        return False
    order = {step: number for number, step in enumerate(steps)}
    went_back = order.get(now, -1) < order.get(last or "", -1)
    return not went_back and ranks(words, steps).get(typed, -1) > order.get(now, -1)


def out_of_order(words: Words, steps: Sequence[str]) -> list[str]:
    """Return the words that are listed after a word of a later step."""
    found, furthest, order = list[str](), -1.0, ranks(words, steps)
    for word in (each for each, said in words.items() if steps_of(said) and each in order):
        found += [word] if order[word] < furthest else []
        furthest = max(furthest, order[word])
    return found


def propose(
    options: Iterable[str], milestones: Mapping[str, str], definition: str = ""
) -> dict[str, Choice]:
    """Return what each word stands for that says it plainly, and is the only one for that step."""
    known, named = steps(milestones, definition), _named(milestones)
    of_status = {term: f"{definition}:{meaning}" for term, meaning in _MEANS.items()}
    named |= of_status if definition else _OF_JOB
    said = {word: named.get(_singular(re.sub(r"^\d+ ", "", plain(word))), "") for word in options}
    counts = Counter(said.values())
    found: dict[str, Choice] = {
        word: (step,) for word, step in said.items() if step in known and counts[step] == 1
    }
    return {word: MINE for word in said if _THEIRS.search(plain(word))} | found


def _named(milestones: Mapping[str, str]) -> dict[str, str]:
    """Return the steps by the words that say them plainly, before or after a milestone's name."""
    found = defaultdict[str, set[str]](set)
    for key, title in milestones.items():
        for name in map(_singular, names_of(title)):
            for term, meaning in _MEANS.items():
                found[f"{name} {term}"].add(f"{key}:{meaning}")
                if term != "in":
                    found[f"{term} {name}"].add(f"{key}:{meaning}")
            found[re.sub("(at)?ion$", "", name) + "ed"].add(f"{key}:approved")
            for text in _PAID if re.search("fund|payment|paid", name) else ():
                found[text].add(f"{key}:approved")
    return {text: each.pop() for text, each in found.items() if len(each) == 1}


def _singular(text: str) -> str:
    return re.sub(r"s\b", "", spelled_out(text))
