"""In CI, a test that is skipped unexpectedly fails."""

import pytest

from tests.conftest import pytest_runtest_makereport


@pytest.mark.parametrize(
    ("ci", "reason", "outcome"),
    [
        ("true", "no disk here", "failed"),
        ("true", "there is no /usr/bin/chromium", "skipped"),
        ("true", "docs/live.md names all that is wanted.", "skipped"),
        ("", "no disk here", "skipped"),
    ],
)
def test_in_ci_only_the_expected_skips_pass(
    monkeypatch: pytest.MonkeyPatch, ci: str, reason: str, outcome: str
) -> None:
    monkeypatch.setenv("CI", ci)
    where = ("test_it.py", 1, f"Skipped: {reason}")
    report = pytest.TestReport("test_it", ("test_it.py", 1, "it"), {}, "skipped", where, "call")
    hook = pytest_runtest_makereport()
    next(hook)
    with pytest.raises(StopIteration) as returned:
        hook.send(report)
    assert returned.value.value.outcome == outcome
