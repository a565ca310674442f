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
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from werkzeug.wrappers import Response

from emulator.calls import Call
from emulator.errors import ApiError
from emulator.google_apis import refusal
from emulator.limits import is_read, sheets_quota
from emulator.server import Cut, cut_after

When = Literal["before", "after"]
KINDS = ("answer", "html", "drop", "hang", "truncate", "run")
# Drive's words for too many calls, by its reason.
RATE_LIMITS = {
    "userRateLimitExceeded": "User Rate Limit Exceeded",
    "rateLimitExceeded": "Rate Limit Exceeded",
}
PROXY_PAGE = (
    "<html>\n<head><title>{0} Server Error</title></head>\n<body>\n<h1>Error: Server Error</h1>\n"
    "<h2>The server encountered a temporary error and could not complete your request.<p>Please "
    "try again in 30 seconds.</h2>\n</body></html>\n"
)


@dataclass
class Rule:
    """A rule: which calls, and what happens to them, `before` or `after` they take effect.

    `api`, `method` and `path` as `Call.matches` takes them; `holds` is a text in the request's
    body; of those calls the first `skip` are let by; `nth` names the very ones (1 is the first);
    `chance` draws lots; after `count` hits the rule is spent (None: never). `seen` and `hits` count
    the calls that it selects, and those that it was applied to.
    """

    id: int
    do: str
    api: str | None = None
    method: str = "*"
    path: str = "*"
    holds: str | None = None
    count: int | None = 1
    skip: int = 0
    nth: list[int] | None = None
    chance: float | None = None
    when: When = "before"
    status: int = 503
    reason: str | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    bytes: int | None = None
    reset: bool = False
    run: Callable[..., None] | None = None
    seen: int = 0
    hits: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the rule without its Python parts."""
        return {name: value for name, value in vars(self).items() if name != "run"}

    def applies(self, call: Call, rng: random.Random) -> bool:
        """Return whether it applies to this call, and count it."""
        if not call.matches(self.api, self.method, self.path) or self.hits == self.count:
            return False
        if self.holds is not None and self.holds not in json.dumps(call.body):
            return False
        self.seen += 1
        if self.seen <= self.skip or (self.nth is not None and self.seen not in self.nth):
            return False
        if self.chance is not None and rng.random() >= self.chance:
            return False
        self.hits += 1
        return True


class Faults:
    """The rules, applied in the order in which they were added.

    `answer` and the like take what selects calls as the fields of `Rule`.
    """

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._rng = random.Random(0)  # noqa: S311  (chances that can be repeated)
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._up = threading.Event()
        self._up.set()
        self._refuse = False

    def add(self, do: str, **settings: Any) -> Rule:
        """Add a rule from plain settings (the fields of `Rule`). ValueError if one is unknown."""
        if settings.get("nth") is not None or settings.get("chance") is not None:
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
        self, status: int, body: Any = None, headers: dict[str, str] | None = None, **which: Any
    ) -> Rule:
        """Answer with this status; `body` is JSON or text, by default the API's own words.

        With `reason`, Drive's word for it (`userRateLimitExceeded`).
        """
        return self.add("answer", status=status, body=body, headers=headers or {}, **which)

    def html(self, status: int = 502, **which: Any) -> Rule:
        """Answer with a proxy's HTML page."""
        return self.add("html", status=status, **which)

    def drop(self, **which: Any) -> Rule:
        """Close the connection instead of an answer, with `reset=True` by a reset."""
        return self.add("drop", **which)

    def hang(self, seconds: float, **which: Any) -> Rule:
        """Do not answer for so long, then close the connection."""
        return self.add("hang", seconds=seconds, **which)

    def truncate(self, keep: int | None = None, **which: Any) -> Rule:
        """Cut off the answer's body after `keep` bytes, by default in the middle."""
        return self.add("truncate", bytes=keep, **which)

    def between(self, run: Callable[..., None], **which: Any) -> Rule:
        """Call `run(emulator, call)` just before (or after) a matching call takes effect."""
        return self.add("run", run=run, **which)

    @property
    def rules(self) -> list[Rule]:
        """All rules, including those that are used up."""
        with self._lock:
            return list(self._rules)

    def clear(self) -> None:
        """Remove every rule, and bring Google up."""
        with self._lock:
            self._rules.clear()
        self.up()

    def take(self, call: Call, when: When) -> list[Rule]:
        """Return the rules that apply to this call, up to one that ends it, and count them."""
        taken: list[Rule] = []
        with self._lock:
            for rule in self._rules:
                if rule.when == when and rule.applies(call, self._rng):
                    taken.append(rule)
                    if rule.do != "run":
                        break
        return taken

    # Outages

    def down(self, how: Literal["hang", "refuse"] = "hang") -> None:
        """Take Google (not EverBright) down: calls hang, or their connections are reset."""
        self._refuse = how == "refuse"
        self._up.clear()

    def up(self) -> None:
        """Bring Google up. Calls that hang are cut off without effect."""
        self._up.set()

    def while_down(self, call: Call) -> None:
        """Let a call of Google's hang or fail while Google is down: Cut."""
        if call.api == "everbright" or self._up.is_set():
            return
        refuse = self._refuse
        if not refuse:
            self._up.wait()
        raise Cut(reset=refuse)


def applied(rule: Rule, call: Call, response: Response | None = None) -> Response:
    """Return what the client gets by a rule; after the deed `response` is its answer. Cut: none."""
    if rule.do in ("drop", "hang"):
        time.sleep(rule.seconds)
        raise Cut(reset=rule.reset)
    if rule.do == "html":
        return Response(PROXY_PAGE.format(rule.status), rule.status, mimetype="text/html")
    if rule.do == "truncate" and response is not None:
        return _truncated(response, rule.bytes)
    answer = _own_words(rule, call)
    if isinstance(rule.body, str):
        answer = Response(rule.body, rule.status, content_type="text/plain; charset=utf-8")
    elif rule.body is not None:
        answer = _json(rule.body, rule.status)
    answer.headers.extend(rule.headers)
    return answer


def _json(value: Any, status: int) -> Response:
    return Response(json.dumps(value), status, content_type="application/json; charset=UTF-8")


def _own_words(rule: Rule, call: Call) -> Response:
    """Return the called API's own answer with the rule's status."""
    location = "Authorization" if rule.status == 401 else None
    error = ApiError(rule.status, reason=rule.reason, location=location)
    if call.api not in ("sheets", "drive"):
        return _json({"error" if call.api == "oauth2" else "detail": error.message}, rule.status)
    if rule.status == 429 and call.api == "sheets":
        error = sheets_quota("read" if is_read(call) else "write", per_user=True, value=60)
    elif rule.reason in RATE_LIMITS:
        error.message, error.domain = RATE_LIMITS[rule.reason], "usageLimits"
    return refusal(call.api, error)


def _truncated(response: Response, keep: int | None) -> Response:
    """Return the same answer cut off; its Content-Length is that of the whole."""
    length = response.content_length or len(response.get_data())
    left = length // 2 if keep is None else keep
    response.headers["Content-Length"] = str(length)
    response.response = cut_after(response.iter_encoded(), left)
    return response
