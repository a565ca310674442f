"""The doctor's check of a board."""

import pytest

from sync.doctor import run_checks
from tests.bench import Bench
from tests.boards import two_tab_board
from tests.boards.test_mapped import flushed
from tests.doctor.conftest import TOKEN, Patient
from tests.made_up import milestone


@pytest.mark.long
def test_mapped_tabs_are_listed(patient: Patient) -> None:
    url = f"{patient.environment['DATABASE_URL']}.own"
    bench = Bench(patient.google, url, EVERBRIGHT_API_TOKEN=TOKEN)
    two_tab_board.make(bench, [two_tab_board.line(1)], [])
    two_tab_board.map_tabs(bench)
    flushed(bench, milestone(1, status="REJECTED"))
    checks = {one.name: one for one in run_checks(bench.settings)}
    found = checks["mapping"]
    assert (found.result, found.text.partition(" (")[0]) == ("ok", "Mapped: Open jobs")
    own = {one.name: one.result for one in run_checks(patient.bench.settings)}
    assert own["mapping"] == "skipped"
