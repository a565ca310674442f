"""What the core reports of itself, as status and the console read it."""

from sync.core.report import Failure, Finding, PassReport


def test_a_report_is_stored_as_it_is() -> None:
    finding = Finding("other_customer", "Row 4 names another customer.", "Jobs", 4, "site")
    report = PassReport(5.0, 2, (finding,), 4.0, Failure(6.0, "google_unavailable", "503"))
    assert PassReport.of(report.to_json()) == report
    assert PassReport.of(None) == PassReport()
