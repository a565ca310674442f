"""Records what a person did, and so which texts must still be in the sheet, and in whose row."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.chaos.tab import HEADER, Look, site_in
from tests.chaos.truth import Truth


@dataclass
class Claim:
    """A typed text or note.

    `place` is the site beside which it was typed, HEADER, the first text of a row that belongs to
    no job, or None: typed into a row that was damaged beyond knowing. `or_place` is the other
    site of a row that bore the key of one job and the last update of another.
    """

    text: str
    column: int
    place: str | None
    is_note: bool = False
    holds: bool = True
    or_place: str | None = None


@dataclass
class Deed:
    """One thing that a person did; `destroyed` are the owners of rows."""

    told: str
    destroyed: set[str] = field(default_factory=set)
    typed: list[tuple[str, int, int, str | None]] = field(default_factory=list)
    """Text, row, column key and owner, for what was typed."""
    back: set[str] = field(default_factory=set)
    """Texts that stand again: their row had been deleted, and that was undone."""
    lost_keys: set[str] = field(default_factory=set)
    """Sites whose row is there without its key."""
    is_undone: bool = False
    """Whether a row that had been deleted stands again: it never was."""


class Ledger:
    """Records each action by comparing the tab before and after it."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self.claims: dict[str, Claim] = {}
        self.headers: dict[str, str] = {}
        """The first header of each managed column."""
        self.killed: dict[str, float] = {}
        """When (by the monotonic clock) the last row of a site was deleted by hand."""
        self.templates: set[str] = set()
        """The first texts in rows that were copied for another customer."""
        self.finished: set[str] = set()
        """Sites of those whose row showed the last event when it went."""

    def owner(self, look: Look, row: int) -> str | None:
        """Return whose a row is: a site, HEADER, the first text of a row of nobody's, or None."""
        if row == look.header_row:
            return HEADER
        site = site_in(look.key(row))
        if site in self.truth.sites and self._shows_update(look, row):
            return site
        return self._by_claims(look, row)

    def _shows_update(self, look: Look, row: int) -> bool:
        """Tell whether a row is a job's at all: a key alone is one of ours gone astray."""
        return look.spot(row, look.by_id.get("last_update", -1)).number is not None

    def _updated(self, look: Look, row: int) -> str | None:
        updated = look.spot(row, look.by_id.get("last_update", -1)).number
        return None if updated is None else self.truth.site_at(updated)

    def _by_claims(self, look: Look, row: int) -> str | None:
        texts = [spot.text for spot in look.rows[row].values()]
        if copied := self.templates.intersection(texts):
            return (
                copied.pop()
            )  # With whatever else the row has that was typed before it was copied.
        known = (self.claims[text] for text in texts if text in self.claims)
        places = Counter(claim.place for claim in known if claim.place)
        return places.most_common(1)[0][0] if places else None

    def stands(self, look: Look, claim: Claim) -> bool:
        return any(self.fits(look, claim, *spot) for spot in look.hands.get(claim.text, ()))

    def fits(self, look: Look, claim: Claim, row: int, column: int, is_note: bool) -> bool:
        if is_note != claim.is_note:
            return False
        if claim.place is None:
            return True
        if column != claim.column:
            return False
        return self.owner(look, row) in {claim.place, claim.or_place or claim.place}

    def is_damaged(self, look: Look, row: int) -> bool:
        """Tell whether a row shows what belongs to another job, or has lost its key."""
        site = site_in(look.key(row))
        if site is None:
            return bool(self.texts_of_nobody(look, row))
        if site not in self.truth.sites:
            return True
        if self._updated(look, row) not in (None, site):
            return True
        return any(
            (text := look.spot(row, key).text)
            and text not in self.claims
            and text not in self.truth.ever.get((site, column), ())
            for key, column in look.managed.items()
            if column.startswith("status:")
        )

    def texts_of_nobody(self, look: Look, row: int) -> list[str]:
        return [s.text for s in look.rows[row].values() if s.text and s.text not in self.claims]

    def _follow_headers(self, look: Look) -> None:
        shown = {name: look.shown(look.header_row, name) for name in look.by_id}
        for name, text in shown.items():
            if text not in (self.headers.get(name, text), *self.claims):
                return  # The header row was sorted in with the rows, or a write hit it.
        for name, text in shown.items():
            if text:
                self.headers.setdefault(name, text)

    def follow(self, before: Look, after: Look, deed: Deed, now: float) -> None:
        """Take a deed in: what the person destroyed is claimed no more, what was typed is new."""
        self._follow_headers(before)
        for text in deed.back:
            self.claims[text].holds = True
        for claim in self.holding():
            stood, stands = before.hands.get(claim.text, ()), after.hands.get(claim.text, ())
            is_gone = not stands and (stood or claim.place in deed.destroyed)
            # A row that was copied for another customer still has a text that was typed over.
            is_in_copy = len(stands) < len(stood) and self.stands(before, claim)
            if is_gone or (is_in_copy and not self.stands(after, claim)):
                claim.holds = False
        self.finished -= after.by_site.keys()
        if deed.is_undone:
            self.killed = {s: at for s, at in self.killed.items() if s not in after.by_site}
        for site in before.by_site.keys() - after.by_site.keys() - deed.lost_keys:
            self.killed[site] = now
            if self._is_finished(before, site):
                self.finished.add(site)
        for text, row, column, place in deed.typed:
            self._add(before, text, row, column, place)

    def _is_finished(self, before: Look, site: str) -> bool:
        if site not in self.truth.sites:
            return False
        return all(
            before.shown(row, column) == text
            for row in before.by_site[site]
            for column, text in self.truth.texts(site).items()
            if column in before.by_id
        )

    def _add(self, before: Look, text: str, row: int, column: int, place: str | None) -> None:
        if column in before.managed and place in self.truth.sites and not text.startswith("note"):
            # Our own tab replaces what is typed there.
            self.claims[text] = Claim(text, column, place, holds=False)
            return
        is_note = text.startswith("note")
        or_place = self._updated(before, row)
        self.claims[text] = Claim(text, column, place, is_note, or_place=or_place)

    def holding(self) -> Iterable[Claim]:
        return [claim for claim in self.claims.values() if claim.holds]
