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
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict, Unpack

from werkzeug.wrappers import Response

from emulator.accounts import unauthenticated
from emulator.calls import Call
from emulator.errors import DRIVE_REASONS, ApiError
from emulator.google_apis import refusal
from emulator.limits import drive_rate, is_read, sheets_quota
from emulator.server import Cut

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


MESSAGES = {
    400: "Request contains an invalid argument.",
    403: "The caller does not have permission",
    404: "Requested entity was not found.",
    409: "The operation was aborted.",
    410: "Gone",
    500: "Internal error encountered.",
    502: "Bad Gateway",
    503: "The service is currently unavailable.",
    504: "Deadline expired before operation could complete.",
}
PROXY_PAGE = (
    "<html>\n<head><title>{0} Server Error</title></head>\n<body>\n<h1>Error: Server Error</h1>\n"
    "<h2>The server encountered a temporary error and could not complete your request.<p>Please "
    "try again in 30 seconds.</h2>\n</body></html>\n"
)


def apply_before(faults: Faults, rule: Rule, call: Call) -> Response | None:
    """Apply a rule before the call: return the client's answer, None to go on. Cut: no answer."""
    if rule.do == "slow":
        time.sleep(rule.seconds or 0)
        return None
    if rule.do == "drop":
        raise Cut(reset=rule.reset)
    if rule.do == "hang":
        faults.wait(rule.seconds)
        raise Cut
    if rule.do == "html":
        return Response(PROXY_PAGE.format(rule.status), rule.status, mimetype="text/html")
    if rule.do == "expire":
        return refusal(call.api, unauthenticated())
    return _answer(rule, call)


def apply_after(faults: Faults, rule: Rule, call: Call, response: Response) -> Response:
    """Apply a rule to an answer, and return what the client gets."""
    if rule.do == "truncate":
        return _truncated(response, rule.bytes)
    return apply_before(faults, rule, call) or response


def _answer(rule: Rule, call: Call) -> Response:
    if rule.body is None:
        response = _own_words(rule, call)
    elif isinstance(rule.body, str):
        response = Response(rule.body, rule.status, content_type="text/plain; charset=utf-8")
    else:
        text = json.dumps(rule.body)
        response = Response(text, rule.status, content_type="application/json; charset=UTF-8")
    response.headers.extend(rule.headers)
    return response


def _own_words(rule: Rule, call: Call) -> Response:
    """Return the called API's own answer with the rule's status."""
    if call.api in ("sheets", "drive"):
        return refusal(call.api, _error(rule, call))
    word = "error" if call.api == "oauth2" else "detail"
    text = json.dumps({word: MESSAGES.get(rule.status, "Error")})
    return Response(text, rule.status, content_type="application/json")


def _error(rule: Rule, call: Call) -> ApiError:
    """Return the API's own error with the rule's status."""
    if rule.status == 429 and call.api == "sheets":
        return sheets_quota("read" if is_read(call) else "write", per_user=True, value=60)
    if rule.reason in ("userRateLimitExceeded", "rateLimitExceeded"):
        error = drive_rate(per_user=rule.reason == "userRateLimitExceeded")
        error.http_status = rule.status
        return error
    return ApiError(
        rule.status,
        MESSAGES.get(rule.status, "Error"),
        reason=rule.reason or DRIVE_REASONS.get(rule.status),
    )


def _truncated(response: Response, keep: int | None) -> Response:
    """Return the same answer cut off; its Content-Length is that of the whole."""
    length = response.content_length or len(response.get_data())
    left = length // 2 if keep is None else keep

    def pieces(whole: Iterator[bytes]) -> Iterator[bytes]:
        rest = left
        for piece in whole:
            yield piece[:rest]
            rest -= len(piece)
            if rest <= 0:
                raise Cut

    response.headers["Content-Length"] = str(length)
    response.response = pieces(response.iter_encoded())
    return response
