"""Made-up lives of jobs over ten weeks, and the webhooks that tell of them.

Nothing in here knows the program: `expected.py` computes from the same lives what the sheet should
show.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

MILESTONES = ("Site Survey", "Design", "Permits", "Installation", "Permission to Operate")
OUTSIDE = "Construction & Signoff"
"""A milestone that isn't in the order."""
CONTRACT, CHANGE_ORDER = "Contract", "Change order"
TASKS = ("Plan set", "Load calculation", "Site photos", "Job card")
REVIEWERS = (("Nora", "Quist"), ("Omar", "Reyes"), ("Lena", "Falk"))
REASONS = (
    "The roof plan is missing a page.",
    "Attic photo is blurry.",
    "Wrong breaker.",
    "The customer's signature is missing.",
)
REMARKS = (
    "Customer threatens to cancel, call today.",
    "Please send the utility bill.",
    "Looks good, one question about the meter.",
)
REPS = ("Ada Birch", "Ben Cole", "Cleo Marsh", "Dora Eskew")
BOT = ("EverBright", "Bot")


@dataclass(frozen=True)
class Said:
    """A comment."""

    author: str
    text: str
    at: datetime
    is_private: bool = False

    @property
    def is_by_bot(self) -> bool:
        return self.author == " ".join(BOT)


@dataclass(frozen=True)
class Happening:
    """What EverBright says at one time of one milestone, contract or change order, or of the job.

    `status` is EverBright's; ARCHIVED and RESTORED are of the job.
    """

    at: datetime
    of: str
    status: str
    rejected: tuple[str, ...] = ()
    """The tasks that EverBright has rejected."""
    missing: tuple[str, ...] = ()
    """The tasks that lack a document."""
    is_ready: bool = False
    said: Said | None = None
    document: str = ""


@dataclass
class Life:
    """A job: who it is, and all that happened to it, in order."""

    number: int
    name: str
    rep: str
    line: str
    town: tuple[str, str, str]
    phone: str
    happenings: list[Happening] = field(default_factory=list)

    @property
    def site(self) -> str:
        return identify(self.number, 1)

    @property
    def email(self) -> str:
        return self.name.replace(" ", ".").lower() + "@example.com"

    @property
    def quote(self) -> str:
        return identify(self.number, 2)


def identify(*numbers: int) -> str:
    """Return the UUID of some numbers, the same in every run."""
    value = 0xA9A27
    for number in numbers:
        value = value * 1_000_003 + number
    return str(UUID(int=value % 2**128, version=4))


def definition(title: str) -> str:
    """Return the definition of a milestone, as the demo's config has it."""
    if title == OUTSIDE:
        return identify(7, 7, 7)
    return str(UUID(int=0x_B817_0000 + MILESTONES.index(title), version=4))


FIRST = ("Ana", "Bo", "Cal", "Dee", "Eli", "Fay", "Gus", "Hal", "Ida", "Jan")
ENDINGS = ("mere", "ford", "well", "stead", "bury", "field")
LAST = ("Ash", "Brook", "Cliff", "Dale", "Elm")
TOWNS = (("Cedar Flats", "AZ", "85999"), ("Port Lindon", "TX", "77999"))


def lives(count: int, today: datetime, seed: int) -> list[Life]:
    """Return made-up jobs, no two with one name, whose last news is up to 30 days old."""
    lots = random.Random(seed)
    names = [f"{first} {last}{end}" for first in FIRST for last in LAST for end in ENDINGS]
    lots.shuffle(names)
    found = []
    for number in range(count):
        town = lots.choice(TOWNS)
        street = f"{10 + number} Orchard {lots.choice(('St', 'Ave'))}"
        phone = f"555-555-{number:04d}"
        life = Life(number, names[number], lots.choice(REPS), street, town, phone)
        life.happenings = _moved(lots, [*_happenings(lots, today)], today)
        found.append(life)
    return found


def _moved(lots: random.Random, found: list[Happening], today: datetime) -> list[Happening]:
    """Return a life's happenings within the ten weeks before `today`."""
    last, span = found[-1].at, found[-1].at - found[0].at
    end = today - timedelta(days=lots.choice((0, 1, 2, 5, 10, 20)), minutes=lots.randint(10, 600))
    scale = min(1.0, timedelta(days=40) / span) if span else 1.0

    def moved(moment: datetime) -> datetime:
        return (end - (last - moment) * scale).replace(microsecond=0)

    return [
        replace(
            each, at=moved(each.at), said=each.said and replace(each.said, at=moved(each.said.at))
        )
        for each in found
    ]


ENDS: dict[str, int] = {
    "SUBMITTED": 3,
    "SUBMITTED|REJECTED 0": 2,
    "SUBMITTED|REJECTED 0|REJECTED 01": 1,
    "SUBMITTED|REJECTED 0|SUBMITTED": 1,
    "SUBMITTED|SUBMITTED 2": 1,
    "SUBMITTED|SUBMITTED 2|SUBMITTED": 1,
    "SUBMITTED|REJECTED 0|NEXT INPROG": 1,
    "SUBMITTED|REJECTED 0|NEXT READY": 1,
    "INPROG": 2,
    "INPROG|READY": 1,
    "SUBMITTED|REMARK": 2,
    "SUBMITTED|PRIVATE": 1,
    "SUBMITTED|ORDER SENT": 1,
    "SUBMITTED|ORDER SENT|ORDER SIGN": 1,
    "SUBMITTED|CANCELED": 1,
    "SUBMITTED|ON_HOLD": 1,
    "SUBMITTED|ARCHIVED": 1,
    "SUBMITTED|ARCHIVED|RESTORED": 1,
    "SUBMITTED|NEXT SUBMITTED": 1,
    "SUBMITTED|REJECTED 0|NEXT SUBMITTED|NEXT REJECTED 1": 1,
    "BEFORE SUBMITTED": 1,
    "APPROVED": 2,
    "DONE": 1,
    "SENT": 1,
    "SENT|SIGN": 1,
    "SENT|VOID": 1,
    "OUTSIDE": 1,
}
"""How lives end, and how often: what happens last, with the numbers of rejected tasks."""
PAPERS = ("SENT", "SENT|SIGN", "SENT|VOID")


class _Clock:
    """The time of the next thing that happens."""

    def __init__(self, lots: random.Random, at: datetime) -> None:
        self._lots, self.at = lots, at

    def later(self) -> datetime:
        self.at += timedelta(days=self._lots.randint(1, 7), minutes=self._lots.randint(1, 1000))
        return self.at


def _happenings(lots: random.Random, today: datetime) -> Iterator[Happening]:
    """Yield a job's life: its contract, some approved milestones, and how it stands now."""
    clock, (end,) = _Clock(lots, today), lots.choices([*ENDS], [*ENDS.values()])
    if end == "OUTSIDE":
        yield Happening(clock.later(), OUTSIDE, "APPROVED")
        return
    for status in (end if end in PAPERS else "SENT|SIGN").split("|"):
        yield Happening(clock.later(), CONTRACT, status)
    if end in PAPERS:
        return
    first = 1 if end == "BEFORE SUBMITTED" else 0
    approved = 5 if end == "DONE" else lots.randint(first, 3 if "NEXT" in end else 4)
    for title in MILESTONES[:approved]:
        yield from _approved(lots, clock, title)
    for step in end.split("|") if end != "DONE" else ():
        yield _last(lots, clock, approved, step)


def _approved(lots: random.Random, clock: _Clock, title: str) -> Iterator[Happening]:
    if lots.random() < 0.4:
        yield Happening(clock.later(), title, "INPROG", missing=TASKS[:2])
    bot = Said(" ".join(BOT), f"EverBright Bot submitted milestone {title}.", clock.later())
    yield Happening(clock.at, title, "SUBMITTED", said=bot)
    if lots.random() < 0.25:
        said = _said(lots, REASONS, clock.later())
        yield Happening(clock.at, title, "REJECTED", rejected=TASKS[:1], said=said)
        yield Happening(clock.later(), title, "SUBMITTED")
    at = clock.later()
    praise = _said(lots, ("Looks good.",), at) if lots.random() < 0.3 else None
    paper = f"{title}.pdf" if lots.random() < 0.3 else ""
    yield Happening(at, title, "APPROVED", said=praise, document=paper)


def _last(lots: random.Random, clock: _Clock, number: int, step: str) -> Happening:
    """Return one of the last things that happen to a job, at its milestone of that number."""
    at, (*where, status) = clock.later(), step.rstrip("012 ").split(" ")
    tasks = tuple(TASKS[int(each)] for each in step if each.isdigit())
    title = MILESTONES[number + {"NEXT": 1, "BEFORE": -1}.get("".join(where), 0)]
    if where == ["ORDER"]:
        return Happening(at, CHANGE_ORDER, status)
    if status in ("ARCHIVED", "RESTORED"):
        return Happening(at, "", status)
    if status in ("INPROG", "READY"):
        missing = TASKS[1:3] if status == "INPROG" else ()
        return Happening(at, title, "INPROG", missing=missing, is_ready=status == "READY")
    if status in ("REMARK", "PRIVATE"):
        said = _said(lots, REMARKS, at, is_private=status == "PRIVATE")
        return Happening(at, title, "SUBMITTED", said=said)
    reason = _said(lots, REASONS, at) if tasks else None
    is_ready = status == "SUBMITTED" and lots.random() < 0.3
    return Happening(at, title, status, rejected=tasks, said=reason, is_ready=is_ready)


def _said(
    lots: random.Random, texts: tuple[str, ...], at: datetime, *, is_private: bool = False
) -> Said:
    return Said(" ".join(lots.choice(REVIEWERS)), lots.choice(texts), at, is_private)
