"""Storms over the pass in memory, and proof that their judge sees what is wrong."""

import os
from collections.abc import Callable

import pytest

from sync.core import check, decide
from tests.core.storm import Storm, run_storms

STORMS = int(os.environ.get("STORMS", "10"))
"""In each of four parts. `STORMS=500` is the full number."""


@pytest.mark.parametrize("fail", [0.0, 0.3])
def test_people_who_edit_in_few_gaps(fail: float) -> None:
    wrong, counts = run_storms(0, STORMS, 0.05, fail)
    assert not wrong
    assert counts["edits"] > STORMS


@pytest.mark.parametrize("fail", [0.0, 0.3])
def test_people_who_edit_in_most_gaps(fail: float) -> None:
    """In one storm of a hundred, a text of ours may be left in a row that isn't a job's."""
    wrong, counts = run_storms(1000, STORMS, 0.6, fail)
    lost = [each for each in wrong if "of ours is left" not in each and "holds" not in each]
    assert not lost
    assert len(wrong) <= max(1, STORMS // 50)
    assert counts["edits"] > 20 * STORMS


def _without_debts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check.Check, "result", lambda _: check.Checked([], []))


def _without_blanks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only cells that a job has are compared."""
    whole = decide._differing

    def differing(*values: object) -> object:
        return {c: cell for c, cell in whole(*values).items() if cell}  # type: ignore[arg-type]

    monkeypatch.setattr(decide, "_differing", differing)


def _without_lost_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.core.passes.lost_keys", lambda *_: [])


def _without_guards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.core.batch.swap_guards", lambda _: [])


def _without_recovered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.core.batch.recovered_lines", lambda *_: [])


@pytest.mark.parametrize(
    "broken",
    [_without_debts, _without_blanks, _without_lost_keys, _without_guards, _without_recovered],
)
def test_the_judge_sees_what_is_wrong(
    broken: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes away one protection; some storm must then be judged wrong."""
    broken(monkeypatch)
    assert any(Storm(seed, 0.8, 0.0).run() for seed in range(1000, 1040))
