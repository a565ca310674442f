"""The planted faults still fit the code."""

from tests.planted import FAULTS


def test_each_fault_has_its_place() -> None:
    wrong = [f.path for f in FAULTS if f.module.read_text().count(f.old) != 1]
    assert wrong == []
