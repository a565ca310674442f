"""docs/reader.md is true: each of its ten questions is answered in the clicks that it names."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from demo.run import FILE
from tests.made_up import ROOT
from tests.reading.conftest import Shown

LINE = re.compile(r"^\| (.+\?) \| .+ \| (\d) \|$", re.MULTILINE)
QUESTIONS = dict(LINE.findall((ROOT / "docs" / "reader.md").read_text("utf-8")))
NOW = datetime.now(UTC)


class Reader:
    """Somebody at the page, whose clicks are counted."""

    def __init__(self, page: Page, shown: Shown) -> None:
        self.page, self.shown, self.clicks = page, shown, 0

    def click(self, what: Locator) -> None:
        self.clicks += 1
        what.click()

    def tab(self, title: str) -> None:
        self.click(self.page.locator("#tabs").get_by_text(title, exact=True))

    def view(self, title: str) -> None:
        self.click(self.page.get_by_role("button", name="Filter views"))
        self.click(self.page.locator("#views-menu").get_by_text(title, exact=True))
        expect(self.page.locator("#viewing b")).to_have_text(title)

    def column(self, header: str) -> list[str]:
        """The texts of a column as it is shown now, without the header's."""
        titles = self.page.locator("tbody tr").first.locator("td").all_inner_texts()
        index = [title.strip() for title in titles].index(header)
        cells = self.page.locator(f"tbody td[data-column='{index}']").all_inner_texts()
        return [text.strip() for text in cells if text.strip()][1:]

    def opened(self, link: Locator) -> str:
        """Where a click on a link leads."""
        with self.page.expect_popup() as popup:
            self.click(link)
        address = popup.value.url
        popup.value.close()
        return address


def changed(reader: Reader) -> None:
    reader.tab("History")
    expect(reader.page.locator("#scroller")).to_contain_text("Comment")
    days = reader.column("When")
    assert days[0][:10] >= f"{NOW - timedelta(days=1):%Y-%m-%d}"
    assert days == sorted(days, reverse=True)


def rejected(reader: Reader) -> None:
    reader.view("Rejected")
    assert set(reader.column("Status")) == {"Rejected"}


def stuck(reader: Reader) -> None:
    reader.view("Stuck")
    days = reader.column("Follow up")
    assert days == sorted(days)
    assert days[-1] <= f"{NOW:%Y-%m-%d}"


def approved(reader: Reader) -> None:
    reader.view("Approved this week")
    days = reader.column("Last approval")
    assert days, "the demo approves nothing this week"
    assert min(days)[:10] >= f"{NOW - timedelta(days=7):%Y-%m-%d}"


def waiting(reader: Reader) -> None:
    reader.view("Waiting")
    assert set(reader.column("Status")) == {"Submitted"}


def counted(reader: Reader) -> None:
    reader.tab("Pipeline")
    expect(reader.page.locator("#scroller")).to_contain_text("Jobs by milestone")
    numbers = [int(text) for text in reader.column("Jobs")]
    assert sum(numbers) == reader.shown.jobs


def job_card(reader: Reader) -> None:
    assert "/file/d/" in reader.opened(reader.page.get_by_role("link", name=FILE, exact=True))


def everbright(reader: Reader) -> None:
    name = reader.page.locator("tr[data-row='1'] > td[data-column='0'] a")
    assert "/address/157802b4-" in reader.opened(name)


def next_action(reader: Reader) -> None:
    assert any(text.startswith("Rejected: ") for text in reader.column("Next action"))
    assert len(reader.column("Assigned to")) >= reader.shown.jobs - 1


def why(reader: Reader) -> None:
    assert any("The roof plan is missing a page." in t for t in reader.column("Last comment"))
    red = reader.page.locator("td[data-note*='The roof plan is missing a page.']").first
    note = red.get_attribute("data-note") or ""
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d\nby \w+ \w+\n", note)


ANSWERS: dict[str, Callable[[Reader], None]] = {
    "What changed since yesterday?": changed,
    "Which jobs were rejected?": rejected,
    "Which jobs are stuck?": stuck,
    "What was approved this week?": approved,
    "Which jobs wait for somebody else?": waiting,
    "How many jobs stand where?": counted,
    "Where is the signed job card?": job_card,
    "What does EverBright say of this job?": everbright,
    "What is to be done next, and by whom?": next_action,
    "Why was it rejected?": why,
}


def test_there_are_ten_questions_of_two_clicks_at_most() -> None:
    assert list(QUESTIONS) == list(ANSWERS)
    assert all(int(clicks) <= 2 for clicks in QUESTIONS.values())


@pytest.mark.parametrize("question", list(ANSWERS))
def test_a_question_is_answered_in_the_clicks_that_are_named(
    page: Page, shown: Shown, question: str
) -> None:
    reader = Reader(page, shown)
    ANSWERS[question](reader)
    assert reader.clicks == int(QUESTIONS[question])
