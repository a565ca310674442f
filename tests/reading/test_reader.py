"""Tests docs/reader.md: each of its ten questions has the right answer in the clicks it names.

`ten_jobs` has the right answers, written by hand, which are compared with the text on the screen.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from statistics import median

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from demo.run import FILE, SITE
from tests.made_up import ROOT
from tests.oracle import history
from tests.reading import ten_jobs
from tests.reading.conftest import Shown, opened
from tests.reading.ten_jobs import NAMES, SAMPLE_CUSTOMER, TABLE, Expected

pytestmark = pytest.mark.long

LINE = re.compile(r"^\| (.+\?) \| .+ \| (\d) \| (\d|desktop only) \|$", re.MULTILINE)
PAGE = (ROOT / "docs" / "reader.md").read_text("utf-8")
QUESTIONS = {question: (desk, phone) for question, desk, phone in LINE.findall(PAGE)}
PHONE = 390
"""Pixels of its width."""
SCROLL_TO = """([header, width]) => {
    const cell = [...document.querySelectorAll("tr[data-row='0'] td")]
        .find(cell => cell.innerText.trim() === header);
    const is_hidden = (cell.firstElementChild ?? cell).getBoundingClientRect().right > width;
    if (is_hidden) cell.scrollIntoView({block: "nearest", inline: "center"});
    return is_hidden;
}"""
"""In one step, because the page may be drawn again between finding a cell and scrolling to it."""


class Reader:
    """A reader of the page, whose clicks and swipes are counted."""

    def __init__(self, page: Page, now: datetime) -> None:
        self.page, self.now, self.clicks = page, now, 0
        size = page.viewport_size
        assert size is not None
        self.width = size["width"]
        self.is_phone = self.width == PHONE

    def click(self, what: Locator) -> None:
        self.clicks += 1
        what.click()

    def swipe_to(self, header: str) -> None:
        cell = self.page.locator("tr[data-row='0'] td").get_by_text(header, exact=True)
        expect(cell).to_be_attached()
        self.clicks += self.page.evaluate(SCROLL_TO, [header, self.width])

    def scroll_down(self) -> None:
        self.clicks += 1
        self.page.mouse.wheel(0, 4_000)

    def tab(self, title: str, header: str) -> None:
        self.click(self.page.locator("#tabs").get_by_text(title, exact=True))
        expect(self.page.locator("#scroller")).to_contain_text(header)

    def view(self, title: str) -> None:
        self.click(self.page.get_by_role("button", name="Filter views"))
        self.click(self.page.locator("#views-menu").get_by_text(title, exact=True))
        expect(self.page.locator("#viewing b")).to_have_text(title)

    def rows(self) -> list[dict[str, str]]:
        script = """rows => rows.map(row => [...row.querySelectorAll("td")].map(
            cell => cell.innerText.trim()))"""
        grid: list[list[str]] = self.page.locator("tbody tr").evaluate_all(script)
        headers, *rows = (row for row in grid if any(row))
        return [dict(zip(headers, row, strict=False)) for row in rows]

    def customers(self) -> list[str]:
        return [row["Customer"] for row in self.rows()]

    def row(self, customer: str) -> dict[str, str]:
        (found,) = [row for row in self.rows() if row["Customer"] == customer]
        return found

    def colored(self, header: str, color: str) -> list[str]:
        index = list(self.rows()[0]).index(header)
        script = """(rows, [index, color]) => rows.map(row => row.querySelectorAll("td")).filter(
            cells => getComputedStyle(cells[index]).backgroundColor === color).map(
            cells => cells[0].innerText.trim())"""
        found: list[str] = self.page.locator("tbody tr").evaluate_all(script, [index, color])
        return found

    def cell(self, customer: str, header: str) -> Locator:
        index = list(self.rows()[0]).index(header)
        row = self.page.locator("tbody tr").filter(
            has=self.page.locator("td[data-column='0']", has_text=customer)
        )
        return row.locator(f"td[data-column='{index}']")

    def opened(self, link: Locator) -> str:
        with self.page.expect_popup() as popup:
            self.click(link)
        address = popup.value.url
        popup.value.close()
        return address


@pytest.fixture(params=[1440, PHONE], ids=["desk", "phone"])
def reader(request: pytest.FixtureRequest, browser: Browser, ten: Shown) -> Iterator[Reader]:
    with closing(opened(browser, ten, width=request.param)) as page:
        yield Reader(page, ten.now)


def day(now: datetime, offset: float) -> str:
    when = now + timedelta(days=offset)
    return f"{when:%b} {when.day}"


def lines(reader: Reader) -> list[tuple[str, ...]]:
    headers = ("Customer", "What", "From", "To", "Comment", "Dated")
    found = (tuple(row.get(h, "") for h in headers) for row in reader.rows() if row.get("What"))
    return [line for line in found if line[0] != SAMPLE_CUSTOMER]


def expected_lines(now: datetime) -> list[tuple[str, ...]]:
    names = {ten_jobs.site(n): name for n, name in enumerate(ten_jobs.CUSTOMERS, 1)}
    told = history.lines(ten_jobs.payloads(now), now)
    return [(names[site], *rest) for site, *rest in told[::-1]]


def changed(reader: Reader) -> None:
    reader.tab("History", "Comment")
    reader.swipe_to("To")
    assert lines(reader) == expected_lines(reader.now)


def in_color_or_view(
    reader: Reader, header: str, color: str, view: str, expected: list[str]
) -> None:
    reader.swipe_to(header)
    assert sorted(reader.colored(header, color)) == sorted(expected)
    if reader.is_phone:
        reader.scroll_down()
    else:
        reader.view(view)
        assert reader.customers() == expected


def rejected(reader: Reader) -> None:
    in_color_or_view(reader, "Status", "rgb(234, 153, 153)", "Rejected", ten_jobs.REJECTED)


def stuck(reader: Reader) -> None:
    in_color_or_view(reader, "Days", "rgb(249, 203, 156)", "Stuck", ten_jobs.STUCK)


def approved(reader: Reader) -> None:
    reader.tab("History", "Comment")
    reader.swipe_to("To")
    expected = [line for line in expected_lines(reader.now) if line[3] == "Approved"]
    assert [line for line in lines(reader) if line[3] == "Approved"] == expected


def days(now: datetime, customer: str) -> int:
    since = TABLE[customer].since
    assert since is not None
    return (now.date() - (now + timedelta(days=since)).date()).days


def waiting(reader: Reader) -> None:
    reader.view("Under review")
    told = {row["Customer"]: row["Days"] for row in reader.rows()}
    assert list(told.items()) == [(c, str(days(reader.now, c))) for c in ten_jobs.WAITING]


def mine(reader: Reader) -> None:
    me, *others = ten_jobs.MINE
    assert others
    if reader.is_phone:
        reader.swipe_to("Rep")
        assert {row["Customer"] for row in reader.rows() if row["Rep"] == me} >= {
            *ten_jobs.MINE[me]
        }
    else:
        reader.view(f"{me}'s jobs")
        assert reader.customers() == ten_jobs.MINE[me]


def counted(reader: Reader) -> None:
    reader.tab("Pipeline", "Open jobs by milestone")
    numbers = {
        row["Waiting at"]: {
            header: text
            for header, text in row.items()
            if header not in ("", "Waiting at", "Updated") and text not in ("", "0")
        }
        for row in reader.rows()
        if row.get("Open jobs")
    }
    assert list(numbers) == list(ten_jobs.PIPELINE)
    for milestone, customers in ten_jobs.STANDING.items():
        waits = sorted(days(reader.now, customer) for customer in customers)
        expected = {
            "Open jobs": str(len(waits)),
            "Median days in status": f"{median(waits):g}",
            "Over 14 days": str(sum(wait > 14 for wait in waits)),
            **ten_jobs.PIPELINE[milestone],
        }
        assert numbers[milestone] == {h: text for h, text in expected.items() if text != "0"}


def job_card(reader: Reader) -> None:
    reader.swipe_to("Construction & Signoff documents")
    cell = reader.cell(SAMPLE_CUSTOMER, "Construction & Signoff documents")
    assert "/file/d/" in reader.opened(cell.get_by_role("link", name=FILE, exact=True))


def everbright(reader: Reader) -> None:
    name = reader.cell(SAMPLE_CUSTOMER, "Customer").get_by_role("link")
    assert reader.opened(name).endswith(f"/address/{SITE}")


def next_action(reader: Reader) -> None:
    reader.swipe_to("Next action")
    assert {c: reader.row(c)["Next action"] for c in TABLE} == {
        c: told.next_action for c, told in TABLE.items()
    }
    row = reader.row("Ada Alder")
    assert row["Next action"].splitlines()[-1] == row["Last comment"] == ten_jobs.DARK
    note = reader.cell("Ada Alder", "Site Survey").get_attribute("data-note") or ""
    assert note.endswith(ten_jobs.DARK)


ANSWERS: dict[str, Callable[[Reader], None]] = {
    "What changed since yesterday?": changed,
    "Which jobs were rejected?": rejected,
    "Which jobs are stuck?": stuck,
    "What was approved this week?": approved,
    "Which jobs are under review, and for how long?": waiting,
    "How many jobs are at which milestone?": counted,
    "Where is the signed job card?": job_card,
    "What does EverBright say about this job?": everbright,
    "What does this job need now, and why?": next_action,
    "Which jobs are mine?": mine,
}


@pytest.mark.parametrize("question", list(ANSWERS))
def test_a_question_is_answered_in_the_clicks_that_are_named(reader: Reader, question: str) -> None:
    """Clicks and swipes; on a phone as many as the page says, at most two."""
    desk, phone = QUESTIONS[question]
    expected = phone if reader.is_phone else desk
    if expected == "desktop only":
        expect(reader.page.get_by_text("Filter views")).not_to_be_visible()
        return
    ANSWERS[question](reader)
    assert reader.clicks == int(expected) <= 2


def test_every_row_has_the_expected_cells(reader: Reader) -> None:
    rows = {row["Customer"]: row for row in reader.rows()}
    for customer, told in TABLE.items():
        row = rows[customer]
        assert row["Days"] == ("" if told.since is None else str(days(reader.now, customer)))
        assert (
            " ".join(row["Last change"].split())
            == f"{told.change}, {day(reader.now, told.changed)}"
        )
        shown = Expected(
            row["Status"],
            row["Next action"],
            told.since,
            told.change,
            told.changed,
            (row[NAMES[1]], row[NAMES[2]], row[NAMES[3]], row[NAMES[4]]),
            row["Last comment"],
            row["Rep"],
        )
        assert shown == told


def test_an_approval_shows_no_name(reader: Reader) -> None:
    """EverBright doesn't send who decided; the remark was about the earlier rejection."""
    note = reader.cell("Ben Birch", "Site Survey").get_attribute("data-note") or ""
    assert note and "Dora Eskew" not in note


def test_private_comments_are_not_shown(ten: Shown) -> None:
    for tab in ("Jobs", "History", "Pipeline"):
        assert ten_jobs.SECRET not in str(ten.rows(tab))
        assert "Moved on automatically." not in str(ten.rows(tab))
