"""What is sent is understood, or refused with a reason; nothing sent can hurt."""

import gc
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from copy import deepcopy
from hashlib import sha256
from traceback import walk_stack, walk_tb
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync import types
from sync.errors import Rejected
from sync.webhooks.literal import to_json
from sync.webhooks.parse import read
from sync.webhooks.schema import Kind
from tests.made_up import (
    ROOT,
    SAMPLE,
    SAMPLE_DEFINITION,
    SAMPLE_DOCUMENT,
    SAMPLE_QUOTE,
    SAMPLE_SITE,
    body,
    document,
    milestone,
    task,
    uuid,
)

SEED = ROOT.parent / "shared" / "seed" / "everbright-milestone-webhook.txt"
"""What EverBright published; not in a clone."""
PUBLISHED = "9ab78dabcce3062e2b889ca83a55e64ef49f2ac8a605ba9757dd8feb7b9bf254"
"""The SHA-256 of its sample."""


def test_the_sample_is_the_published_one_byte_for_byte() -> None:
    assert sha256(SAMPLE).hexdigest() == PUBLISHED
    assert not SEED.exists() or SAMPLE in SEED.read_bytes()


def test_every_field_of_the_published_sample_is_understood() -> None:
    """It is a Python literal, with False and "None": read as it stands."""
    delivery = read(SAMPLE)
    found = delivery.milestone
    assert delivery.kind is Kind.MILESTONE
    assert found is not None
    assert (delivery.site, found.quote) == (SAMPLE_SITE, SAMPLE_QUOTE)
    assert found.milestone_definition == SAMPLE_DEFINITION
    assert (found.name, found.status, found.ready_to_submit) == (
        "Construction & Signoff",
        "APPROVED",
        True,
    )
    assert str(found.date_updated) == "2018-09-04 17:11:58.049354+00:00"
    assert [c.author for c in found.comments] == ["SightenEverBright Bot"] * 2
    delivered = found.tasks[0]
    assert [sub.category for sub in delivered.sub_tasks] == ["CHECKBOX", "DOCUMENT"]
    assert delivered.sub_tasks[0].data.documents == ()
    ((sub_task, file),) = found.documents()
    (holder,) = (sub for one in found.tasks for sub in one.sub_tasks if sub.data.documents)
    assert (sub_task, holder.status) == (holder.uuid, "COMP")
    assert (file.uuid, file.creation_type) == (SAMPLE_DOCUMENT, "UPLOADED")
    assert file.name == "Silver-Inspection (Passed).pdf"


def test_layout_and_order_of_keys_do_not_change_the_hash() -> None:
    """Otherwise a repeated delivery would count as new."""
    tree = json.loads(to_json(SAMPLE.decode()))
    shuffled = json.dumps(dict(reversed(tree.items())), indent=3).encode()
    assert read(shuffled).digest == read(SAMPLE).digest
    assert read(body(tree | {"status": "INPROG"})).digest != read(SAMPLE).digest


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("2026-03-05", "2026-03-05T12:00:00+00:00"),
        ("2026-03-05T00:00:00", "2026-03-05T00:00:00+00:00"),
        (1772668800, "2026-03-05T00:00:00+00:00"),
        ("2026-3-5", None),
        ("March 5, 2026", None),
    ],
)
def test_a_date_without_a_time_is_that_day_in_america(date: object, moment: str | None) -> None:
    event = read(body({"site": uuid(1), "comment": "Hi.", "timestamp": date})).other_event
    assert event is not None
    assert [at.isoformat() for at in event.moments] == ([moment] if moment else [])
    if moment:
        found = read(body(milestone(date_updated=date))).milestone
        assert found is not None
        assert found.date_updated is not None
        assert found.date_updated.isoformat() == moment


def test_none_is_null_but_for_free_text() -> None:
    """Someone may be named, or may have written, "None"."""
    said = [{"comment": "None", "commentor": "None", "uuid": "None"}]
    found = read(body(milestone(comments=said, quote="None", date_updated="None"))).milestone
    assert found is not None
    assert (found.quote, found.date_updated) == (None, None)
    assert (found.comments[0].comment, found.comments[0].uuid) == ("None", None)


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        ({"sub_tasks": [], "milestone": uuid(1), "task_definition": uuid(2)}, Kind.OTHER),
        (
            {"site_id": uuid(1), "stage_name": "Sold", "previous_stage_name": "Lead"},
            Kind.OTHER,
        ),
        ({"site": uuid(1), "archived": True}, Kind.SITE_ARCHIVED),
        ({"site": uuid(1), "comment": "Hello"}, Kind.COMMENT),
        ({"site": uuid(1), "change_order_status": "SIGNED"}, Kind.CHANGE_ORDER),
        ({}, Kind.OTHER),
        ([1, 2], Kind.OTHER),
        ("text", Kind.OTHER),
    ],
)
def test_other_webhooks_are_recognized_by_their_shape(payload: object, kind: Kind) -> None:
    """They are kept; an error would make EverBright's test button fail."""
    assert read(body(payload)).kind is kind


@pytest.mark.parametrize("site", [None, "", "None"])
def test_a_milestone_without_its_site_is_refused(site: object) -> None:
    with pytest.raises(Rejected) as caught:
        read(body(milestone(site=site)))
    assert (caught.value.status, caught.value.reason) == (422, "missing_site")


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"site": "not-a-uuid"}, "site"),
        ({"site": "../../etc"}, "site"),
        ({"milestone_definition": 5}, "milestone_definition"),
        ({"status": ["APPROVED"]}, "status"),
        ({"status": 5, "ready_to_submit": "three"}, "status"),
    ],
)
def test_what_is_needed_is_held_to_its_type(changes: dict[str, Any], where: str) -> None:
    """The message names the field and never repeats what was sent: it may be personal."""
    with pytest.raises(Rejected) as caught:
        read(body(milestone(**changes)))
    assert caught.value.status == 422
    assert where in caught.value.message
    assert "not-a-uuid" not in caught.value.message


def test_a_milestone_whose_status_has_another_key_is_rejected() -> None:
    """Else the milestone would seem to begin anew."""
    renamed = milestone()
    renamed["state"] = renamed.pop("status")
    with pytest.raises(Rejected, match="`status`"):
        read(body(renamed))


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"ready_to_submit": "three"}, ("ready_to_submit",)),
        ({"comments": [None]}, ("comments",)),
        ({"ready_to_submit": "Ada", "date_updated": "soon"}, ("date_updated", "ready_to_submit")),
        ({"date_updated": "0001-01-01T00:00:00+14:00"}, ("date_updated",)),
        ({"tasks": {"a": 1}, "quote": "none"}, ("quote", "tasks")),
    ],
)
def test_a_field_of_an_unexpected_type_is_dropped_and_reported(
    changes: dict[str, Any], names: tuple[str, ...]
) -> None:
    delivery = read(body(milestone(status="APPROVED") | changes))
    without = read(body(milestone(status="APPROVED") | dict.fromkeys(changes)))
    assert (delivery.milestone, delivery.odd_fields) == (without.milestone, names)


def test_only_the_odd_entries_of_a_list_are_dropped() -> None:
    said = [None, {"comment": "Hello", "timestamp": "soon"}, {"comment": ["x"]}, 5]
    files = [document(1), document(2) | {"uuid": "../x"}, {"name": "No ID.pdf"}]
    delivery = read(body(milestone(comments=said, tasks=[task(*files)])))
    found = delivery.milestone
    assert found is not None
    assert [(one.comment, one.timestamp) for one in found.comments] == [("Hello", None), ("", None)]
    event = read(body({"site": uuid(1), "comments": said})).other_event
    assert event is not None
    assert event.comments == found.comments[:1]
    assert [one.uuid for _, one in found.documents()] == [document(1)["uuid"]]
    assert {*delivery.odd_fields} == {
        "comments",
        "timestamp",
        "comment",
        "documents",
    }


PRIVATE = "They asked for a discount."
WHOLE = json.loads(to_json(SAMPLE.decode()))
WHOLE["comments"].append(WHOLE["comments"][0] | {"private": True, "comment": PRIVATE})
NEEDED = [("site",), ("milestone_definition",), ("status",)]
ODD: list[Any] = ["text", 5, -1.5, True, None, "", "None", [], [None], [[1]], {}, {"a": {"b": [1]}}]


def places(tree: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    keys: Iterable[Any] = range(len(tree)) if isinstance(tree, list) else ()
    for key in tree if isinstance(tree, dict) else keys:
        yield (*here, key)
        yield from places(tree[key], (*here, key))


def replaced(place: tuple[Any, ...], value: Any) -> Any:
    tree = within = deepcopy(WHOLE)
    for key in place[:-1]:
        within = within[key]
    within[place[-1]] = value
    return tree


OPTIONAL = [place for place in places(WHOLE) if place not in NEEDED]


@pytest.mark.parametrize("place", OPTIONAL, ids=lambda place: ".".join(map(str, place)))
def test_no_odd_optional_field_rejects_the_sample(place: tuple[Any, ...]) -> None:
    """Nor makes a private comment public, unless it says that it is not private."""
    for odd in ODD:
        delivery = read(body(replaced(place, odd)))
        assert delivery.site == SAMPLE_SITE
        assert delivery.milestone is not None
        assert delivery.milestone.milestone_definition == SAMPLE_DEFINITION
        assert delivery.milestone.status == "APPROVED"
        is_public = place[-1] == "private" and odd in (None, "", "None")
        assert (PRIVATE in delivery.model_dump_json()) == is_public
        for name in delivery.odd_fields:
            assert name in place


def test_what_is_unknown_or_missing_is_no_matter() -> None:
    least: dict[str, Any] = {
        "site": uuid(1),
        "milestone_definition": uuid(2),
        "status": None,
        "tasks": None,
        "new": [{}],
    }
    delivery = read(body(least))
    assert delivery.milestone is not None
    assert (delivery.site, delivery.milestone.status) == (uuid(1), None)
    odd = task() | {"sub_tasks": [{"data": "text"}, {"data": True}, {"data": None}, {"data": []}]}
    found = read(body(milestone(tasks=[odd]))).milestone
    assert found is not None
    assert found.documents() == ()


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"\xff\xfe",
        b"<xml/>",
        b"site=1&status=2",
        b"NaN",
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b'"' + b'\\"' * 400_000,
        b"'" * 300_000,
        b"9" * 100_000,
        b"__import__('os').system('true')",
        b"[x for x in ()]",
        b"{'a': 1 + 1}",
        b"{'a': b'bytes'}",
    ],
)
def test_a_body_that_is_neither_json_nor_a_literal_is_rejected(hostile: bytes) -> None:
    """Bounded in depth and time, and nothing is evaluated."""
    with pytest.raises(Rejected) as caught:
        read(hostile)
    assert caught.value.status == 400


def test_depth_counts_outside_of_strings_only() -> None:
    read(body({"text": "[" * 1000 + '"]{'}))
    inches = {"parts": [{"data": {"size": 'x"'}, "name": '5" pipe'}] * 70}
    assert read(repr(inches).encode()) == read(body(inches))
    read(b"[" * 64 + b"]" * 64)
    with pytest.raises(Rejected, match="too deeply"):
        read(b"[" * 100_000 + b"]" * 100_000)


def test_text_that_no_database_takes_is_made_readable() -> None:
    """NUL and lone surrogates would be refused by PostgreSQL or by Google, for ever."""
    sent = body(milestone(name="NAME")).replace(b"NAME", rb"a\u0000b\ud800c\ud83d\ude00")
    found = read(sent).milestone
    assert found is not None
    assert found.name == "ab�c😀"


_TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(_TREES)
def test_a_python_literal_parses_like_its_json(tree: object) -> None:
    """repr() is how the published sample came about; quotes and escapes of all sorts are in it."""
    assert json.loads(to_json(repr(tree))) == tree


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_body_raises_anything_but_a_refusal(sent: bytes) -> None:
    try:
        read(sent)
    except Rejected as error:
        assert error.status in (400, 422)


@given(st.dictionaries(st.sampled_from(OPTIONAL), _TREES, max_size=4))
def test_no_optional_fields_together_reject_it(replaced: dict[tuple[Any, ...], Any]) -> None:
    tree = deepcopy(WHOLE)
    for place, value in replaced.items():
        with suppress(LookupError, TypeError):  # It is in another that was replaced.
            within = tree
            for key in place[:-1]:
                within = within[key]
            within[place[-1]] = value
    found = read(body(tree)).milestone
    assert found is not None
    assert found.status == "APPROVED"


@given(st.text(st.characters(exclude_categories=())))
def test_nothing_unprintable_is_left_of_a_text(text: str) -> None:
    found = types.clean_text(text)
    assert not types._UNPRINTABLE.search(found)
    found.encode()


@pytest.mark.parametrize(
    "sent",
    [
        body(milestone(site="no UUID")),
        body(milestone(date_updated="no date", status=["no text"])),
        body(milestone(status=["no text"])),
        body(milestone(site=None)),
        body(milestone())[:-5],
        repr(milestone()).encode()[:-5],
        repr(milestone()).encode() + b" @",
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_an_error_keeps_nothing_of_the_body(sent: bytes) -> None:
    """Catches an error whose context holds the body, or that leads back to itself by the frames of
    its traceback: 400 bodies of 1 MB then stay until the next search for cycles.

    Other threads of the process leave cycles of their own: only errors that were raised in here
    count.
    """
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        reason = ""
        try:
            read(sent)
        except Rejected as error:
            assert error.__context__ is None
            reason = error.reason
        assert reason
        gc.collect()
        assert [error for error in gc.garbage if is_of_reading(error)] == []
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def is_of_reading(kept: object) -> bool:
    trace = kept.__traceback__ if isinstance(kept, BaseException) else None
    frames = [frame for inner, _ in walk_tb(trace) for frame, _ in walk_stack(inner)]
    return any(frame.f_code is test_an_error_keeps_nothing_of_the_body.__code__ for frame in frames)
