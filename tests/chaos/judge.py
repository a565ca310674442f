"""Judges the result of a run: returns a sentence for everything that is wrong.

It uses the emulator's state, the deliveries, and what the person did, and nothing of the product.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from emulator import Emulator
from emulator.sheets.grid import Spreadsheet
from tests.chaos.ledger import Claim, Ledger
from tests.chaos.tab import (
    HAND,
    HEADER,
    KEY,
    Look,
    RecoveredLine,
    Spot,
    jobs_tab,
    look,
    record,
    recovered,
    site_in,
    tab_lines,
)
from tests.chaos.truth import DAY, TAG, Truth, minute, tag_of
from tests.traffic import LABELS, expected_documents

CUSTOMERS = ("customer", "phone", "email", "address", "city")
"""Columns that identify a row's owner."""
_SHOWN_IN = 45.0
"""Seconds after which a delivery is surely shown in its row, all repairs included.

Till then the product cannot tell a row that a person deleted from one that it has yet to write.
"""


@dataclass(frozen=True)
class Violation:
    """What is wrong: its `kind` and a sentence."""

    kind: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.sentence}"


Found = Iterator[Violation]


def sheet(
    spreadsheet: Spreadsheet, ledger: Ledger, begun: Mapping[int, float] | None = None
) -> list[Violation]:
    """Return what is wrong in the Jobs tab.

    `begun` tells when each event, by its place in the truth, was first sent: one that was sent
    after a person deleted the job's row brings the row back.
    """
    seen = look(spreadsheet)
    if seen is None:
        return [Violation("no tab", "There is no tab of jobs, or it has no header row.")]
    lines = recovered(spreadsheet)
    return [
        *_columns(seen, ledger),
        *_rows(seen, ledger, begun or {}),
        *_values(seen, ledger.truth),
        *_claims(seen, ledger, lines),
        *_strays(seen, ledger, lines),
        *_notes(seen, ledger, lines),
    ]


def history(spreadsheet: Spreadsheet, truth: Truth) -> Found:
    """Give what is wrong in the History tab.

    Every line is of one event, no line appears twice, and the last status of each job has a line.
    """
    lines = tab_lines(spreadsheet)
    events = Counter(
        (str(e["site"]), what, minute(e) // DAY, to)
        for e in truth.events
        for what, to in (
            (e["name"], LABELS[e["status"]]),
            *([(f"Comment on {e['name']}", "None")] if e["comments"] else []),
        )
    )
    for line, count in Counter(lines).items():
        if line not in events:
            yield Violation("line of no event", f"The history has {line}.")
        elif count > events[line]:
            yield Violation("line doubled", f"The history has {line} {count} times.")
    told = {(site, what, to) for site, what, _, to in lines}
    for event in truth.newest:
        last = (str(event["site"]), event["name"], LABELS[event["status"]])
        if last not in told:
            yield Violation("line missing", f"The history never has {last}.")


def _columns(seen: Look, ledger: Ledger) -> Found:
    """Every managed column is there, under its first header or one that somebody typed over it."""
    truth = ledger.truth
    known = (*truth.statuses.values(), *truth.customers.values())
    needed = {KEY, *(column for row in known for column in row)}
    for column in sorted(needed - seen.by_id.keys()):
        yield Violation("column missing", f"No column is marked as {column}.")
    for column in ledger.headers.keys() | seen.by_id.keys():
        text = seen.spot(seen.header_row, seen.by_id.get(column, -1)).text
        first = ledger.headers.get(column, text)  # Or it was added after the person's last deed.
        if not text or (text != first and text not in ledger.claims):
            yield Violation("wrong header", f"{text!r} is the header of {column}, not {first!r}.")


def _rows(seen: Look, ledger: Ledger, begun: Mapping[int, float]) -> Found:
    """Every job has a row (or several, copied by a person); none where it was deleted last."""
    due = _due_again(ledger, begun)
    for site in sorted(ledger.truth.sites):
        rows = seen.by_site.get(site, [])
        if not rows and (site not in ledger.killed or site in due):
            again = " since a person deleted it, though an event came after" * (site in due)
            yield Violation("row missing", f"Job {site} has no row{again}.")
        if rows and site in ledger.finished and _is_over(site, ledger, begun):
            yield Violation("row back", f"Job {site} has a row again, though no event came since.")
    for key in sorted(seen.by_site.keys() - ledger.truth.sites):
        yield Violation("key of no job", f"Rows {seen.by_site[key]} stand under {key}.")


def _due_again(ledger: Ledger, begun: Mapping[int, float]) -> set[str]:
    """Sites whose row was deleted by hand before an event was sent that changes the job."""
    last = {id(event) for event in ledger.truth.newest}
    return {
        str(event["site"])
        for number, event in enumerate(ledger.truth.events)
        if id(event) in last
        and begun.get(number, 0.0) > ledger.killed.get(event["site"], float("inf"))
    }


def _is_over(site: str, ledger: Ledger, begun: Mapping[int, float]) -> bool:
    sent = [
        begun.get(number, float("inf"))
        for number, event in enumerate(ledger.truth.events)
        if event["site"] == site
    ]
    return max(sent) < ledger.killed[site] - _SHOWN_IN


def _values(seen: Look, truth: Truth) -> Found:
    """Every managed cell of a job's row shows what a plain replay of its events says."""
    for site in sorted(seen.by_site.keys() & truth.sites):
        texts, minutes = truth.texts(site), truth.minutes(site)
        for row in seen.by_site[site]:
            for column, key in seen.by_id.items():
                spot = seen.spot(row, key)
                if column in texts and not _is_right(spot.text, column, texts[column], site, truth):
                    sentence = f"shows {spot.text!r} in {column}, not {texts[column]!r}."
                    yield Violation("wrong value", f"Row {row} of job {site} {sentence}")
                if column in minutes and _minute(spot) != minutes[column]:
                    wanted = minutes[column]
                    sentence = f"shows {spot.text!r} in {column}, not minute {wanted}."
                    yield Violation("wrong value", f"Row {row} of job {site} {sentence}")
                told = spot.note if column in texts else f"{spot.text} {spot.note}"
                if strange := set(TAG.findall(told)) - {tag_of(site)}:
                    sentence = f"mentions {', '.join(sorted(strange))} in {seen.name(key)}."
                    yield Violation("other job", f"Row {row} of job {site} {sentence}")


def _is_right(text: str, column: str, wanted: str, site: str, truth: Truth) -> bool:
    # A typed name of a customer is better than the stand-in.
    may_be_typed = column == "customer" and site not in truth.customers
    return text == wanted or (may_be_typed and HAND.fullmatch(text) is not None)


def _minute(spot: Spot) -> int | None:
    """Return the minute of a date; None for a blank cell, -1 for anything else."""
    if spot.number is None:
        return -1 if spot.text else None
    return round(spot.number * 24 * 60)


def _claims(seen: Look, ledger: Ledger, lines: Sequence[RecoveredLine]) -> Found:
    """Typed text is where it was typed, or in the tab Recovered."""
    kept = {text for line in lines for text in HAND.findall(line.stood)}
    for claim in ledger.holding():
        is_in_place = ledger.stands(seen, claim) or any(
            (column, is_note) == (claim.column, claim.is_note)
            and _lost_key(seen, row, ledger, lines) == claim.place
            for row, column, is_note in seen.hands.get(claim.text, ())
        )
        if not is_in_place and claim.text not in kept:
            yield _astray(seen, ledger, claim)


def _astray(seen: Look, ledger: Ledger, claim: Claim) -> Violation:
    what = "note" if claim.is_note else "header" if claim.place == HEADER else "cell"
    spots = seen.hands.get(claim.text, [])
    if not spots:
        return Violation(f"{what} lost", f"{_told(claim)} is nowhere.")
    where = [
        f"row {row} of {ledger.owner(seen, row)}, {seen.name(column)}" for row, column, _ in spots
    ]
    owners = {ledger.owner(seen, row) for row, _, _ in spots}
    kind = f"{what} in another column" if claim.place in owners else f"{what} beside another"
    return Violation(kind, f"{_told(claim)} is in {'; '.join(where)}.")


def _told(claim: Claim) -> str:
    where = "a row of no job" if claim.place and HAND.fullmatch(claim.place) else claim.place
    return f"{claim.text} (typed in {where or 'a damaged row'})"


def _strays(seen: Look, ledger: Ledger, lines: Sequence[RecoveredLine]) -> Found:
    """Nothing that the product wrote remains in unmanaged cells unless Recovered lists the cell."""
    gone = _written_over(lines)
    for row in range(len(seen.rows)):
        texts = {key: spot.text for key, spot in seen.rows[row].items() if spot.text}
        is_job = site_in(seen.key(row)) or row == seen.header_row
        foreign = [
            f"{text!r} in {seen.name(column)}"
            for column, text in texts.items()
            if text not in ledger.claims
            and not (is_job and column in seen.managed)
            and not any(_names(line, gone, text, texts.values()) for line in lines)
        ]
        if foreign and not _lost_key(seen, row, ledger, lines):
            owner = ledger.owner(seen, row) or "nobody"
            whose = "no job" if HAND.fullmatch(owner) else owner
            yield Violation("stray text", f"Row {row} of {whose} has {', '.join(foreign)}.")


def _lost_key(seen: Look, row: int, ledger: Ledger, lines: Sequence[RecoveredLine]) -> str | None:
    """Return the key that a row lost because another customer's data was typed there, or None.

    Recovered names it, and all that was written there since.
    """
    columns = [seen.by_id[column] for column in CUSTOMERS if column in seen.by_id]
    customer = [seen.spot(row, column).text for column in columns]
    texts = [spot.text for spot in seen.rows[row].values() if spot.text]
    strange = [text for text in texts if text not in ledger.claims]
    for line in lines:
        key = site_in(line.stood)
        if key not in ledger.truth.sites or line.stands:
            continue
        held = line.row_text.split(" | ")
        since: list[RecoveredLine] = []
        for one in lines:  # More may have been typed into the row since.
            parts = {part for part in one.row_text.split(" | ") if part not in ledger.claims} - {""}
            if parts and parts <= {*held}:
                since.append(one)
        is_typed = any(text in ledger.claims for text in (*customer, *(one.stood for one in since)))
        known = (*held, *(one.stands.partition("\nNote:")[0] for one in since))
        is_known = all(any(_same(part, text) for part in known) for text in strange)
        if is_typed and strange and is_known:
            return key
    return None


def _notes(seen: Look, ledger: Ledger, lines: Sequence[RecoveredLine]) -> Found:
    """No note of the product's is left on a cell that is none of its own, but for Recovered."""
    told = {line.stands.partition("Note: ")[2] for line in lines}
    for row in seen.body():
        is_job = site_in(seen.key(row)) is not None
        for column, spot in seen.rows[row].items():
            rest = HAND.sub("", spot.note).strip()
            is_ours = is_job and column in seen.managed
            owner = ledger.owner(seen, row) or "nobody"
            is_copied = _lost_key(seen, row, ledger, lines)
            if rest and not is_ours and spot.note not in told and not is_copied:
                sentence = f"Row {row} of {owner} has the note {rest!r} on {seen.name(column)}."
                yield Violation("stray note", sentence)


def _written_over(lines: Sequence[RecoveredLine]) -> dict[str, set[str]]:
    """Return, by what a row held, the texts of people in it that were written over."""
    gone: dict[str, set[str]] = {}
    for line in lines:
        gone.setdefault(line.row_text, set()).update(HAND.findall(line.stood))
    return gone


def _names(
    line: RecoveredLine, gone: Mapping[str, set[str]], text: str, texts: Iterable[str]
) -> bool:
    """Tell whether a line of Recovered is of the cell with `text` in a row with these `texts`."""
    typed = set(HAND.findall(line.row_text)) - gone[line.row_text]
    return _same(line.stands.partition("\nNote:")[0], text) and typed <= set(texts)


def _same(one: str, other: str) -> bool:
    try:
        return abs(float(one) - float(other)) < 1e-6
    except ValueError:
        return one == other


def records(
    spreadsheet: Spreadsheet, duplicates: Mapping[int, Sequence[Mapping[int, Spot]]]
) -> Found:
    """Give the tabs that a person duplicated and that are not as they were: by sheet id."""
    for sheet_id, rows in duplicates.items():
        if record(spreadsheet, sheet_id) != rows:
            yield Violation("record changed", f"The duplicate {sheet_id} is not as it was.")


def drive(google: Emulator, truth: Truth) -> list[Violation]:
    """Return what is wrong in Drive: a document missing or there twice, a job with two folders."""
    tags: Counter[str] = Counter()
    folders: Counter[str] = Counter()
    for file in list(google.drive.files.values()):
        properties = file.app_properties or {}
        for counts, name in ((tags, "brightsheetDocument"), (folders, "brightsheetSite")):
            if name in properties:
                counts[properties[name]] += 1
    wanted = expected_documents(truth.events)
    found = [
        Violation("document missing", f"Document {uuid} is not in Drive.")
        for uuid in sorted(wanted - tags.keys())
    ]
    for what, counts in (("document", tags), ("folder of job", folders)):
        found += [
            Violation("file doubled", f"The {what} {uuid} is in Drive {count} times.")
            for uuid, count in sorted(counts.items())
            if count > 1
        ]
    return found


def links(google: Emulator, spreadsheet: Spreadsheet, truth: Truth) -> list[Violation]:
    """Return the newest documents whose link into Drive is not in their job's row."""
    files = {
        file.id: (file.app_properties or {}).get("brightsheetDocument", "")
        for file in list(google.drive.files.values())
    }
    seen = look(spreadsheet)
    if seen is None:
        return []
    linked: set[tuple[str, str]] = set()
    for site, rows in seen.by_site.items():
        for row in rows:
            for uri in _uris(spreadsheet, row):
                linked.add((site, files.get(uri.partition("/file/d/")[2].partition("/")[0], "")))
    return [
        Violation("link missing", f"Job {event['site']} has no link to document {uuid}.")
        for event in truth.newest
        if event["site"] in seen.by_site
        for uuid in sorted(expected_documents([event]))
        if (event["site"], uuid) not in linked
    ]


def _uris(spreadsheet: Spreadsheet, row: int) -> Iterator[str]:
    tab = jobs_tab(spreadsheet)
    for cell in tab.rows[row].cells.values() if tab else ():
        for run in (cell.rest or {}).get("textFormatRuns", ()):
            if uri := run.get("format", {}).get("link", {}).get("uri"):
                yield uri
