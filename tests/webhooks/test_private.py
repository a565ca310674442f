"""A private comment ends in the parser: nothing behind it ever holds one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.webhooks.parse import read, without_private_comments
from sync.webhooks.schema import Kind
from tests.made_up import body, comment, milestone, task, uuid

SECRET = "They asked for a discount."
AUTHOR = "Private Peter"


def private(**more: Any) -> dict[str, Any]:
    names = {"commentor_first_name": "Private", "commentor_last_name": "Peter"}
    return comment(SECRET, "2026-03-05T10:00:00Z") | names | {"private": True} | more


SHAPES: list[dict[str, Any]] = [
    milestone(comments=[private()]),
    milestone(comments=[private(private="True")]),
    milestone(comments=[private(private=1)]),
    milestone(comments=[comment("Public.", "2026-03-01T09:00:00Z"), private()]),
    milestone(private=True, comments=[private(private=None)]),
    milestone(tasks=[task(comments=[private()])]),
    {"site": uuid(1), **private()},
    {"site": uuid(1), "private": True, "comment": {"comment": SECRET, "author": AUTHOR}},
    {"site": uuid(1), "comment": private()},
    {"site": uuid(1), "comments": [private()]},
    {"site": uuid(1), "comments": [{"private\x00": True, **comment(SECRET, "2026-03-05")}]},
    {"site": uuid(1), "stage_name": "Sold", "comments": [private()]},
    {"task_definition": uuid(8), "milestone": uuid(9), "sub_tasks": [], "comments": [private()]},
]


@pytest.mark.parametrize("payload", SHAPES)
def test_no_shape_carries_a_private_comment_into_the_model(payload: dict[str, Any]) -> None:
    """What is not in the model can be in no cell, note, line, log, page or alert."""
    for sent in (body(payload), repr(payload).encode()):
        delivery = read(sent)
        assert SECRET not in delivery.model_dump_json()
        assert AUTHOR not in delivery.model_dump_json()
        assert "Private" not in delivery.model_dump_json()


@pytest.mark.parametrize("mark", [False, None, "None", "False", "", 0])
def test_a_comment_that_is_not_private_stays(mark: object) -> None:
    found = read(body(milestone(comments=[private(private=mark)]))).milestone
    assert found is not None
    assert [one.comment for one in found.comments] == [SECRET]


def test_a_private_comment_webhook_is_kept_and_is_no_event() -> None:
    delivery = read(body({"site": uuid(1), **private()}))
    assert (delivery.kind, delivery.other_event) == (Kind.COMMENT, None)


_TREES = st.recursive(
    st.fixed_dictionaries(
        {"private": st.sampled_from([True, "True", 1]), "comment": st.just(SECRET)}
    )
    | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["comment", "comments", "tasks", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(_TREES)
def test_at_no_depth_is_a_private_comment_kept(tree: object) -> None:
    payload = {"site": uuid(1), "stage_name": "Sold", "comment": "Public.", "tree": tree}
    assert SECRET not in str(without_private_comments(payload))
    delivery = read(body(milestone(x=tree, tasks=[{"name": "x", "comments": tree}])))
    assert SECRET not in delivery.model_dump_json()
