"""Faults: rules that make selected calls fail, hooks that run between calls, and outages.

faults.answer(503, method="*.batchUpdate", when="after")   # done, but the answer denies it
faults.drop(method="drive.files.create", count=2)
faults.between(sort_the_sheet, method="*.batchUpdate")     # a person edits first
faults.down(); ...; faults.up()
"""

import itertools
import json
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict, Unpack

from emulator.calls import Call

When = Literal["before", "after"]
KINDS = ("answer", "html", "drop", "hang", "truncate", "expire", "slow", "run")
PASSING = {"slow", "run"}
GOOGLE = {"sheets", "drive", "oauth2"}


class Which(TypedDict, total=False):
    """Which calls a rule applies to.

    `api`, `method` and `path` as `Call.matches` takes them; of those calls the first `skip` are
    let by; `nth` names the very ones (1 is the first); `chance` draws lots; `holds` is a text in
    the request's body; after `count` hits the rule is spent (None: never).
    """

    api: str | None
    method: str
    path: str
    count: int | None
    skip: int
    nth: list[int] | None
    chance: float | None
    holds: str | None
    when: When


@dataclass
class Rule:
    """A rule: which calls, and what happens to them, `before` or `after` they take effect."""

    id: int
    do: str
    api: str | None = None
    method: str = "*"
    path: str = "*"
    count: int | None = 1
    skip: int = 0
    nth: list[int] | None = None
    chance: float | None = None
    holds: str | None = None
    when: When = "before"
    status: int = 503
    reason: str | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float | None = None
    bytes: int | None = None
    reset: bool = False
    run: Callable[..., None] | None = None
    seen: int = 0
    hits: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the rule without its Python parts."""
        return {name: value for name, value in vars(self).items() if name != "run"}


class Faults:
    """The rules, applied in the order in which they were added."""

    def __init__(self, seed: int = 0) -> None:
        self._rules: list[Rule] = []
        self._rng = random.Random(seed)  # noqa: S311  (chances that can be repeated)
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._released = threading.Event()
        self._up = threading.Event()
        self._up.set()
        self._refuse = False

    def add(self, do: str, **settings: Any) -> Rule:
        """Add a rule from plain settings (the fields of `Rule`). ValueError if one is unknown."""
        nth = settings.get("nth")
        if isinstance(nth, int):
            settings["nth"] = [nth]
        if nth is not None or settings.get("chance") is not None:
            settings.setdefault("count", None)
        if do not in KINDS:
            raise ValueError(f"unknown fault: {do}")
        unknown = settings.keys() - Rule.__annotations__.keys()
        if unknown or settings.get("when", "before") not in ("before", "after"):
            raise ValueError(f"invalid rule: {sorted(unknown) or settings['when']}")
        if do == "truncate":
            settings["when"] = "after"
        rule = Rule(next(self._ids), do, **settings)
        with self._lock:
            self._rules.append(rule)
        return rule

    def answer(
        self,
        status: int,
        body: Any = None,
        headers: dict[str, str] | None = None,
        *,
        reason: str | None = None,
        **which: Unpack[Which],
    ) -> Rule:
        """Answer with this status; `body` is JSON or text, by default the API's own words.

        `reason` is Drive's word for it (`userRateLimitExceeded`).
        """
        return self.add(
            "answer", status=status, body=body, headers=headers or {}, reason=reason, **which
        )

    def html(self, status: int = 502, **which: Unpack[Which]) -> Rule:
        """Answer with a proxy's HTML page."""
        return self.add("html", status=status, **which)

    def drop(self, *, reset: bool = False, **which: Unpack[Which]) -> Rule:
        """Close the connection instead of an answer."""
        return self.add("drop", reset=reset, **which)

    def hang(self, seconds: float | None = None, **which: Unpack[Which]) -> Rule:
        """Do not answer for so long, or until `release`; then close the connection."""
        return self.add("hang", seconds=seconds, **which)

    def truncate(self, keep: int | None = None, **which: Unpack[Which]) -> Rule:
        """Cut off the answer's body after `keep` bytes, by default in the middle."""
        return self.add("truncate", bytes=keep, **which)

    def expire(self, **which: Unpack[Which]) -> Rule:
        """Answer as for an expired token."""
        return self.add("expire", **which)

    def slow(self, seconds: float, **which: Unpack[Which]) -> Rule:
        """Take this many seconds longer."""
        return self.add("slow", seconds=seconds, **which)

    def between(self, run: Callable[..., None], **which: Unpack[Which]) -> Rule:
        """Call `run(emulator, call)` just before (or after) a matching call takes effect."""
        return self.add("run", run=run, **which)

    @property
    def rules(self) -> list[Rule]:
        """All rules, including those that are used up."""
        with self._lock:
            return list(self._rules)

    def remove(self, rule_id: int) -> None:
        """Remove a rule."""
        with self._lock:
            self._rules = [rule for rule in self._rules if rule.id != rule_id]

    def clear(self) -> None:
        """Remove every rule, release what hangs, and bring Google up."""
        with self._lock:
            self._rules.clear()
        self.release()
        self.up()

    def take(self, call: Call, when: When) -> list[Rule]:
        """Return the rules that apply to this call, up to one that ends it, and count them."""
        taken: list[Rule] = []
        with self._lock:
            for rule in self._rules:
                if rule.when == when and self._applies(rule, call):
                    taken.append(rule)
                    if rule.do not in PASSING:
                        break
        return taken

    def _applies(self, rule: Rule, call: Call) -> bool:
        if not call.matches(rule.api, rule.method, rule.path):
            return False
        if rule.count is not None and rule.hits >= rule.count:
            return False
        if rule.holds is not None and rule.holds not in json.dumps(call.body):
            return False
        rule.seen += 1
        if rule.seen <= rule.skip or (rule.nth is not None and rule.seen not in rule.nth):
            return False
        if rule.chance is not None and self._rng.random() >= rule.chance:
            return False
        rule.hits += 1
        return True

    # Hanging and outages

    def wait(self, seconds: float | None) -> None:
        """Hang for so long, or until `release`."""
        self._released.wait(seconds)

    def release(self) -> None:
        """End everything that hangs."""
        self._released.set()
        self._released = threading.Event()

    def down(self, how: Literal["hang", "refuse"] = "hang") -> None:
        """Take Google (not EverBright) down: calls hang, or their connections are reset."""
        self._refuse = how == "refuse"
        self._up.clear()

    def up(self) -> None:
        """Bring Google up. Calls that hang are cut off without effect."""
        self._up.set()

    def away(self, call: Call) -> Literal["hang", "refuse"] | None:
        """Return how this call fails while Google is down, None if it does not."""
        if call.api not in GOOGLE or self._up.is_set():
            return None
        return "refuse" if self._refuse else "hang"

    def wait_until_up(self) -> None:
        """Return when Google is up."""
        self._up.wait()
