"""The product stays small enough to hold in the head; a test that fails asks to mend the shape."""

from pathlib import Path

import pytest

from benchmarks.shape import Shape

MODULES, FLOORS, LONGEST = 140, 14, 350


@pytest.fixture(scope="module")
def shape() -> Shape:
    return Shape()


def test_there_are_few_rooms_on_few_floors(shape: Shape) -> None:
    assert len(shape.modules) <= MODULES
    highest = {name for name, floor in shape.floors.items() if floor > FLOORS}
    assert not highest, "above the highest floor: import less, or from further below"


def test_no_module_is_long(shape: Shape) -> None:
    assert not {name: lines for name, lines in shape.modules.items() if lines > LONGEST}


def test_no_two_public_classes_have_one_name(shape: Shape) -> None:
    assert not shape.classes_of_one_name


def test_a_package_is_measured_as_it_is(tmp_path: Path) -> None:
    """A shape that sees no fault would let all of the above pass."""
    (tmp_path / "sync").mkdir()
    for name, text in {
        "__init__": '"""Only a docstring."""\n',
        "low": '"""Low."""\n\n\nclass Twice: ...\n',
        "middle": '"""Middle."""\n\nfrom sync import low\n\nfound = low.Twice\n',
        "high": '"""High."""\n\nfrom sync.middle import found\n\n\nclass Twice(found): ...\n',
    }.items():
        (tmp_path / "sync" / f"{name}.py").write_text(text)
    shape = Shape(tmp_path)
    assert shape.modules == {"sync.low": 4, "sync.middle": 5, "sync.high": 6}
    assert shape.floors == {"sync": 1, "sync.low": 1, "sync.middle": 2, "sync.high": 3}
    assert shape.classes_of_one_name == ["Twice"]
    assert shape.vague_names == 2
