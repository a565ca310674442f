"""What Google does not take of one job delays no other job, and is tried again."""

from collections.abc import Collection

import pytest

from emulator.faults import Rule
from sync.errors import Refused, Retryable
from sync.jobs.row import Layout
from sync.jobs.target import Target
from tests.bench import Bench
from tests.made_up import comment, milestone, uuid
from tests.stored import quarantined

pytestmark = pytest.mark.long


def day(number: int) -> str:
    return f"2026-03-{number:02d}T10:00:00Z"


def refuse(bench: Bench, number: int) -> Rule:
    """Have Google refuse every batch that shows the job `number`."""
    quote = milestone(number)["quote"]
    return bench.google.faults.answer(400, method="*.batchUpdate", holds=quote, count=None)


def shown(bench: Bench) -> set[str]:
    return {row["Site ID"] for row in bench.texts()}


def test_one_refused_job_delays_no_other_and_is_not_lost(bench: Bench) -> None:
    """Its batch is refused, and with it all that is written together with it."""
    refuse(bench, 14)
    bench.send(*(milestone(number) for number in range(1, 22)))
    bench.try_to_flush(25)
    assert shown(bench) == {uuid(number) for number in range(1, 22)} - {uuid(14)}
    assert quarantined(bench.database) == {uuid(14): 1}
    assert not bench.is_waiting()
    bench.google.faults.clear()
    bench.end_rests()
    bench.flush()
    assert uuid(14) in shown(bench)
    assert len(bench.texts("History")) == 21
    assert bench.texts("Pipeline")
    assert (quarantined(bench.database), bench.alerts) == ({}, [])


def test_an_alert_is_sent_from_the_second_refusal_on(bench: Bench) -> None:
    """The first may be somebody who moved a column there and back; a fault in silence stays."""
    bench.shown(milestone(1))
    refuse(bench, 2)
    bench.send(milestone(2), milestone(3))
    told = []
    for _ in range(3):
        bench.try_to_flush(12)
        told.append(len(bench.alerts))
        bench.end_rests()
    assert told == [0, 1, 2]
    assert set(bench.alerts) == {"job_refused"}
    assert shown(bench) == {uuid(1), uuid(3)}


def test_a_job_at_rest_costs_no_call(bench: Bench) -> None:
    bench.shown(milestone(1))
    fault = refuse(bench, 2)
    bench.send(milestone(2))
    bench.try_to_flush(12)
    hits, writes = fault.hits, bench.writes()
    bench.shown(milestone(1, status="APPROVED", date_updated=day(3)))
    assert (fault.hits, bench.writes()) == (hits, writes + 1)
    assert bench.row(uuid(1))["Milestone 1"] == "Approved"


def test_another_event_of_a_refused_job_waits_with_it(bench: Bench) -> None:
    bench.shown(milestone(1))
    refuse(bench, 2)
    bench.send(milestone(2))
    bench.try_to_flush(12)
    bench.send(milestone(2, status="REJECTED", date_updated=day(5)))
    calls = bench.calls()
    bench.try_to_flush(3)
    assert bench.calls() == calls
    bench.google.faults.clear()
    bench.end_rests()
    bench.flush()
    assert bench.row(uuid(2))["Milestone 1"] == "Rejected"
    assert [line["To"] for line in bench.texts("History")][:2] == ["Rejected", "Submitted"]


def test_a_line_of_the_history_that_is_refused_rests_with_its_job(bench: Bench) -> None:
    """It goes in the batches of the rows: refused with it, no job would ever be written again."""
    bench.shown(milestone(1))
    said = [comment("No such comment.", day(2))]
    bench.google.faults.answer(400, method="*.batchUpdate", holds="No such comment.", count=None)
    # The row shows a later comment: only the line has this one.
    later = [*said, comment("A later one.", day(3))]
    bench.send(milestone(2, status="REJECTED", date_updated=day(2), comments=said))
    bench.send(milestone(2, status="APPROVED", date_updated=day(3), comments=later))
    bench.send(*(milestone(number, date_updated=day(4)) for number in range(3, 9)))
    bench.try_to_flush(20)
    assert {line["Site ID"] for line in bench.texts("History")} == {
        uuid(number) for number in (1, *range(3, 9))
    }
    assert quarantined(bench.database) == {uuid(2): 1}
    assert not bench.is_waiting()
    bench.google.faults.clear()
    bench.end_rests()
    bench.flush()
    lines = [(line["Site ID"], line["Dated"], line["To"]) for line in bench.texts("History")]
    assert (uuid(2), "3/2/2026", "Rejected") in lines
    assert len(lines) == len(set(lines)) == 9


def test_what_refuses_every_batch_is_no_fault_of_a_job(bench: Bench) -> None:
    """A full spreadsheet takes nothing: jobs that are blamed for it would be shown late."""
    bench.shown(milestone(1))
    bench.google.faults.answer(400, method="*.batchUpdate", count=12)
    bench.send(*(milestone(number) for number in range(2, 9)))
    bench.try_to_flush(12)
    assert quarantined(bench.database) == {}
    bench.flush()
    assert shown(bench) == {uuid(number) for number in range(1, 9)}
    assert len(bench.texts("History")) == 8
    assert (quarantined(bench.database), bench.alerts) == ({}, [])


def test_a_history_that_takes_no_lines_is_no_fault_of_a_job(bench: Bench) -> None:
    """A spreadsheet at the limit of its cells, for example: each job would rest in turn."""
    sites = {uuid(number) for number in range(1, 4)}
    bench.shown(*(milestone(number) for number in range(1, 4)))
    bench.google.faults.answer(400, method="*.batchUpdate", holds="insertDimension", count=None)
    bench.send(*(milestone(n, status="APPROVED", date_updated=day(3)) for n in range(1, 4)))
    bench.try_to_flush(12)
    assert quarantined(bench.database) == {}
    bench.google.faults.clear()
    bench.flush()
    assert {bench.row(site)["Milestone 1"] for site in sites} == {"Approved"}
    assert len(bench.texts("History")) == 6
    assert bench.alerts == []


def test_one_refusal_sends_no_alert(bench: Bench) -> None:
    """If a column moves between read and write, the next read finds it."""
    bench.shown(milestone(1))
    bench.send(*(milestone(number) for number in range(2, 9)))
    bench.google.faults.answer(400, method="*.batchUpdate")
    writes = bench.writes()
    bench.flush()
    assert bench.writes() - writes == 2
    assert quarantined(bench.database) == {}
    assert shown(bench) == {uuid(number) for number in range(1, 9)}


def test_a_refused_read_of_the_copies_is_no_refusal_of_the_batch(bench: Bench) -> None:
    bench.shown(*(milestone(number) for number in range(1, 4)))
    key = bench.index("site_id")
    bench.send(milestone(3, status="APPROVED", date_updated=day(3)))
    bench.before_the_write(lambda: bench.edit("sort", column=key, ascending=False))
    bench.google.faults.answer(400, method="*.getByDataFilter", skip=1)
    with pytest.raises(Retryable) as caught:
        bench.flush_once()
    assert not isinstance(caught.value, Refused)
    bench.flush()
    assert [row["Milestone 1"] for row in bench.texts()].count("Approved") == 1
    assert bench.row(uuid(3))["Milestone 1"] == "Approved"


def test_a_refused_batch_without_jobs_ends_the_search(bench: Bench) -> None:
    """Nothing has been received yet, and Google refuses a view of the new tab."""
    bench.google.faults.answer(400, method="*.batchUpdate", holds="addFilterView", count=2)
    bench.store.spreadsheet.take_over()
    bench.try_to_flush(4)
    assert not bench.is_waiting()
    assert (quarantined(bench.database), bench.texts(), bench.texts("History")) == ({}, [], [])


def test_a_job_that_cannot_be_laid_out_gets_its_row_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would count as shown, and so its missing row as deleted by a person."""
    lay_out = Layout.lay_out

    def lay_out_others(self: Layout, target: Target, fields: Collection[str] | None) -> Target:
        if target.site == uuid(2):
            raise ValueError
        return lay_out(self, target, fields)

    with monkeypatch.context() as patch:
        patch.setattr(Layout, "lay_out", lay_out_others)
        bench.shown(milestone(1), milestone(2))
    assert (shown(bench), quarantined(bench.database)) == ({uuid(1)}, {uuid(2): 1})
    bench.end_rests()
    bench.flush()
    assert (shown(bench), quarantined(bench.database)) == ({uuid(1), uuid(2)}, {})
