"""Tests that deliveries can be listed, filtered and shown, with personal data masked."""

import json
from datetime import UTC, datetime

import pytest

from sync.errors import Permanent, Rejected
from sync.status.deliveries import moment
from sync.webhooks.schema import Outcome
from tests.bench import Bench
from tests.made_up import body, comment, document, milestone, task, uuid
from tests.status.conftest import Run
from tests.stored import newest

TALK = milestone(1, comments=[comment("The dog bites", "2026-03-01T10:00:00Z")])


def test_a_list_fits_80_columns_and_cuts_no_id(bench: Bench, run: Run) -> None:
    """An ID that is cut cannot be given to retry."""
    bench.send(TALK)
    (kept,) = newest(bench.inbox, 9)
    output = run("deliveries").stdout
    assert kept.id in output
    assert uuid(1) in output
    assert all(len(line) <= 80 for line in output.splitlines())


def test_a_list_can_be_filtered(bench: Bench, run: Run) -> None:
    bench.send(milestone(1), milestone(2))
    bench.inbox.keep_rejected(b"{}", Rejected("missing_site", "A milestone without."))
    assert uuid(1) not in run("deliveries", "--site", uuid(2)).stdout
    assert "missing_site" in run("deliveries", "--reason", "missing_site").stdout
    assert run("deliveries", "--since", "1h").stdout.count("accepted") == 2
    assert run("deliveries", "--since", "2000-01-01").stdout.count("accepted") == 2
    assert run("deliveries", "--since", "2999-01-01").stdout == ""
    odd = run("deliveries", "--since", "yesterday")
    assert (odd.exit_code, "2d" in odd.output) == (2, True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2d", "2026-03-29T12:00:00Z"),
        ("90m", "2026-03-31T10:30:00Z"),
        ("1w", "2026-03-24T12:00:00Z"),
        ("2026-03-30", "2026-03-30T00:00:00Z"),
        ("2026-03-30T10:00:00+02:00", "2026-03-30T08:00:00Z"),
    ],
)
def test_a_moment_is_a_date_or_an_age(text: str, expected: str) -> None:
    now = datetime(2026, 3, 31, 12, tzinfo=UTC)
    assert moment(text, now) == datetime.fromisoformat(expected).timestamp()


def test_a_failed_document_is_listed_without_its_name(bench: Bench, run: Run) -> None:
    bench.shown(milestone(1, tasks=[task(document(1, "Contract of Ada.pdf"))]))
    claimed = bench.wiring.documents.claim()
    assert claimed is not None
    bench.wiring.documents.give_up(claimed[0], claimed[1][0].uuid, Rejected("gone", "It is gone."))
    listed = run("deliveries").stdout
    assert f"document {uuid(40_001)}  failed\n  gone: It is gone.\n" in listed
    assert "Ada" in run("deliveries", "--unmask").stdout
    found = json.loads(run("deliveries", "--json").stdout.splitlines()[-1])
    assert (found["kind"], found["document"]) == ("failed_document", uuid(40_001))
    assert "Ada" not in str(found)
    assert "document" not in run("deliveries", "--site", uuid(1)).stdout


def test_json_has_the_body_masked_unless_requested(bench: Bench, run: Run) -> None:
    bench.send(TALK)
    bench.inbox.keep_rejected(b"<name>Ada</name>", Rejected("not_json", "No."))
    listed = [json.loads(line) for line in run("deliveries", "--json").stdout.splitlines()]
    assert [one["outcome"] for one in listed] == ["rejected", "accepted"]
    assert listed[1]["body"]["site"] == uuid(1)
    assert "The dog bites" not in str(listed)
    assert "Ada" not in str(listed)
    whole = run("deliveries", "--json", "--unmask").stdout
    assert "The dog bites" in whole
    assert "Ada" in whole


def test_invalid_fields_are_named_and_the_row_is_written(bench: Bench, run: Run) -> None:
    bench.shown(milestone(1, rejected_task_count="three of ten", comments=[None]))
    assert bench.row(uuid(1))["Milestone 1"] == "Submitted"
    for words in ((), ("show", newest(bench.inbox, 1)[0].id), ("--reason", "odd_fields")):
        output = run("deliveries", *words).stdout
        assert "`rejected_task_count`, `comments`" in output
        assert "three of ten" not in output


def test_one_delivery_is_shown_by_the_beginning_of_its_id(bench: Bench, run: Run) -> None:
    bench.send(TALK)
    (kept,) = newest(bench.inbox, 9)
    shown = run("deliveries", "show", kept.id[:10]).stdout
    assert kept.id in shown
    assert '"status": "SUBMITTED"' in shown
    assert "The dog bites" not in shown
    assert "The dog bites" in run("deliveries", "show", kept.id, "--unmask").stdout
    parsed = json.loads(run("deliveries", "show", kept.id, "--json").stdout)
    assert parsed["delivery"] == kept.id


def test_a_duplicate_has_no_body_and_shows_why(bench: Bench, run: Run) -> None:
    bench.send(TALK, TALK)
    duplicate = newest(bench.inbox, 1)[0]
    assert duplicate.outcome is Outcome.DUPLICATE
    assert "it is a duplicate" in run("deliveries", "show", duplicate.id).stdout


def test_an_ambiguous_beginning_lists_all_matches(bench: Bench, run: Run) -> None:
    bench.send(*(milestone(job) for job in range(1, 18)))  # Two of 17 hexadecimal IDs begin alike.
    ids = [one.id for one in newest(bench.inbox, 99)]
    first = next(one[0] for one in ids if sum(other[0] == one[0] for other in ids) > 1)
    done = run("deliveries", "show", first)
    assert isinstance(done.exception, Permanent)
    assert all(one in done.exception.message for one in ids if one.startswith(first))
    nothing = run("deliveries", "show", "fffffffffffffffff")
    assert isinstance(nothing.exception, Permanent)
    assert "No delivery" in nothing.exception.message


def test_retry_takes_the_beginning_of_an_id(bench: Bench, run: Run) -> None:
    kept = bench.inbox.keep_rejected(body(milestone(1)), Rejected("fault", "Once."))
    assert run("retry", kept[:12]).stdout == f"delivery {kept}: accepted\n"
    again = run("retry", kept[:12])
    assert isinstance(again.exception, Permanent)
    assert "Nothing that failed" in again.exception.message


def test_retry_accepts_a_document_and_rejects_an_ambiguous_id(bench: Bench, run: Run) -> None:
    documents = [document(number) for number in (1, 2)]
    bench.shown(milestone(1, tasks=[task(*documents)]))
    one = documents[0]["uuid"]
    assert run("retry", one).stdout == "documents: 1\n"
    both = run("retry", one[:8])
    assert isinstance(both.exception, Permanent)
    assert all(document["uuid"] in both.exception.message for document in documents)


def test_a_body_reaches_the_terminal_without_control_characters(bench: Bench, run: Run) -> None:
    raw = "See\x1b]0;here\x07 and \x9b2J\u202ethere".encode()
    kept = bench.inbox.keep_rejected(raw, Rejected("not_json", "It isn't."))
    (body_line,) = run("deliveries", "show", kept, "--unmask").stdout.splitlines()[-1:]
    assert body_line == "See]0;here and 2Jthere"


def test_only_an_id_is_listed_as_the_site(bench: Bench, run: Run) -> None:
    """What else a webhook has there may be a name or an address."""
    bench.send({"site": "Ada Birch, 1 North Juniper St", "x": 1})
    (kept,) = newest(bench.inbox, 9)
    assert kept.outcome is Outcome.IGNORED
    assert "Ada" not in run("deliveries").stdout + run("deliveries", "--json").stdout
