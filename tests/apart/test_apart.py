"""Every cell of the sheet against a computation that shares nothing with the program."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from demo.run import CONFIG
from demo.sheet import FIELDS, Row, rows_in
from emulator import Emulator
from tests import databases
from tests.apart import expected
from tests.apart.lives import Life, lives
from tests.apart.webhooks import webhooks
from tests.traffic import Senders
from tests.world import TOKEN, World, wait_for

JOBS = 300
"""As many as a busy installer has open."""


def noon() -> tuple[datetime, str]:
    """Return the time in a zone where it is about noon, and the zone: no day ends meanwhile."""
    now = datetime.now(UTC)
    hours = 12 - now.hour
    zone = f"Etc/GMT{-hours:+d}" if hours else "Etc/GMT"
    return now.astimezone(timezone(timedelta(hours=hours))), zone


def tab(world: World, title: str) -> list[Row]:
    where, query = {"spreadsheetId": world.spreadsheet}, MultiDict({"fields": FIELDS})
    answer: Any = world.google.sheets.handle(
        "sheets.spreadsheets.get", where, query, None, "onlooker"
    )
    return rows_in(answer, title)


def texts(row: Row) -> dict[str, str]:
    return {header: cell.text for header, cell in row.items()}


def differing_jobs(world: World, found: list[Life], today: datetime) -> list[str]:
    """Return what *Jobs* shows otherwise than it should, a line for each cell."""
    shown = {row["Site ID"].text: texts(row) for row in tab(world, "Jobs")}
    wrong = [f"no row for {life.name}" for life in found if life.site not in shown]
    for life in found:
        held = shown.get(life.site, {})
        for header, text in expected.row(life, today).items():
            if held and held.get(header, "") != text:
                wrong.append(f"{life.name}, {header}: {held.get(header)!r}, not {text!r}")
    return wrong


def differing_lines(world: World, found: list[Life], late: set[str], today: datetime) -> list[str]:
    """Return the lines of *History* that are missing, or too many.

    Of a job with a webhook that was late, only the statuses of milestones are compared: what was
    said may be on another line, and a state that was between two others is learned too late.
    """
    day = f"{today.month}/{today.day}/{today.year}"
    moved = {life.name for life in found if life.site in late}

    def compared(lines: Iterable[tuple[str, str, str, str, str]]) -> Counter[tuple[str, ...]]:
        counts = Counter[tuple[str, ...]]()
        for name, what, to, comment, dated in lines:
            if name not in moved:
                counts[name, what, to, comment, "" if dated == day else dated] += 1
            elif to and ":" not in what:
                counts[name, what, to] = 1
        return counts

    told = tab(world, "History")
    shown = compared(
        (r["Customer"].text, r["What"].text, r["To"].text, r["Comment"].text, r["Dated"].text)
        for r in told
    )
    wanted = compared(line for life in found for line in expected.lines(life))
    wrong = [f"{line} is missing" for line in (wanted - shown).elements()]
    wrong += [f"{line} is too many" for line in (shown - wanted).elements()]
    said = {
        (life.name, each.of, expected.LABELS[each.status], expected.quoted(each.said))
        for life in found
        for each in life.happenings
        if each.of and each.said
    }
    for row in told:
        line = (*(row[header].text for header in ("Customer", "What", "To", "Comment")),)
        if line[0] in moved and line[2] not in ("", "Rejected") and line[3] and line not in said:
            wrong.append(f"{line} has an older comment")
    return wrong


def differing_summaries(world: World, found: list[Life], today: datetime) -> list[str]:
    """Return what *Pipeline* and *Today* show otherwise than they should."""
    rows = [expected.row(life, today) for life in found]
    shown = {row["Milestone"].text: [*texts(row).values()] for row in tab(world, "Pipeline")}
    wrong = [
        f"Pipeline, {label}: {shown.get(label)}, not {counts}"
        for label, counts in expected.pipeline(rows).items()
        if shown.get(label, [])[1:8] != counts
    ]
    wanted, parts = expected.today_tab(found, today), list[tuple[str, list[tuple[str, str]]]]()
    for row in tab(world, "Today"):
        who, what = row["Customer"].text, row["What to do"].text
        if "\n" in who:
            parts[-1][1].append((who, what))
        else:
            parts.append((f"{who} {what}", []))
    wrong += [f"Today: {[*parts]}"] if len(parts) != len(wanted) else []
    for (heading, shown_cards), (text, cards) in zip(parts, wanted, strict=False):
        wrong += [f"Today: {heading}, not {text}"] if heading != text else []
        wrong += [f"Today: {each}" for each in {*shown_cards} ^ {*cards}]
        order = [cards.get(each) for each in shown_cards]
        wrong += [f"Today: the order of {heading}"] if order != [*cards.values()] else []
    return wrong


@pytest.mark.long
@pytest.mark.timeout(600)
def test_every_cell_is_as_computed_apart(google: Emulator, tmp_path: Path) -> None:
    today, zone = noon()
    found = lives(JOBS, today, seed=1)
    sent, late = webhooks(found, seed=2)
    for life in found:
        google.everbright.set_site(life.site, **answer(life))
    settings = {"TIMEZONE": zone, "CONFIG_FILE": str(CONFIG), "BACKFILL_HOURS": "0", **TOKEN}
    world = World(google, tmp_path, databases.fresh("sqlite", tmp_path), **settings)

    def differing(lives_: list[Life]) -> list[str]:
        return [
            *differing_jobs(world, lives_, today),
            *differing_lines(world, lives_, late, today),
            *differing_summaries(world, lives_, today),
        ]

    with world.serve():
        senders = Senders(world, sent, 1).start()
        senders.join()
        assert senders.statuses == {202}
        names = {life.name for life in found}
        wait_for(lambda: names <= {row["Customer"].text for row in tab(world, "Jobs")}, 300, 1.0)
        wrong = ["never up to date"]
        for _ in range(12):  # A failure names the cells.
            if world.is_up_to_date() and not (wrong := differing(found)):
                break
            time.sleep(3)
        assert wrong == []
    # The judge sees it if the last thing that happened to one job isn't shown.
    one = next(life for life in found if life.happenings[-1].status == "REJECTED")
    shorter = replace(one, happenings=one.happenings[:-1])
    assert len(differing([shorter if life is one else life for life in found])) >= 4


def answer(life: Life) -> dict[str, Any]:
    """Return what EverBright's API says of a job."""
    first, last = life.name.split(" ")
    contact = {"first_name": first, "last_name": last, "primary": True}
    contact |= {"email": life.email, "phone_number": life.phone}
    town, state, code = life.town
    address = {"address_line_1": life.line, "city_name": town, "state_abbreviation": state}
    return {
        "contacts": [contact],
        "address": {**address, "zipcode": code},
        "sales_rep": life.rep,
    }
