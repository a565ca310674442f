"""Faults: rules that make selected calls fail, and outages.

faults.answer(503, method="*.batchUpdate", when="after")   # done, but the answer denies it
faults.drop(method="drive.files.create", count=2)
faults.down(); ...; faults.up()
"""

import json
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from werkzeug.wrappers import Response

from emulator.calls import Call
from emulator.errors import ApiError
from emulator.google_apis import refusal
from emulator.limits import is_read, sheets_quota
from emulator.server import Cut, cut_after

When = Literal["before", "after"]
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
    """A rule: which calls, and what they are answered, `before` or `after` they take effect.

    `api` and `method` as `Call.matches` takes them; of those calls the first `skip` are let by;
    `chance` draws lots; after `count` hits the rule is spent (None: never).
    """

    answer: Callable[[Call, Response | None], Response]
    api: str | None = None
    method: str = "*"
    count: int | None = 1
    skip: int = 0
    chance: float | None = None
    when: When = "before"

    def applies(self, call: Call, rng: random.Random) -> bool:
        """Return whether it applies to this call, and count it."""
        if not call.matches(self.api, self.method) or self.count == 0:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.chance is not None and rng.random() >= self.chance:
            return False
        if self.count is not None and self.chance is None:
            self.count -= 1
        return True


class Faults:
    """The rules, applied in the order in which they were added: the first that fits ends a call.

    `answer` and the like take what selects calls as the fields of `Rule`.
    """

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._rng = random.Random(0)  # noqa: S311  (chances that can be repeated)
        self._lock = threading.Lock()
        self._up = threading.Event()
        self._up.set()
        self._refuse = False

    def _add(
        self, answer: Callable[[Call, Response | None], Response], which: dict[str, Any]
    ) -> None:
        with self._lock:
            self._rules.append(Rule(answer, **which))

    def answer(
        self,
        status: int,
        *,
        reason: str | None = None,
        headers: dict[str, str] | None = None,
        **which: Any,
    ) -> None:
        """Answer with this status in the API's own words.

        `reason` is Drive's word for it (`userRateLimitExceeded`).
        """

        def refused(call: Call, _: Response | None) -> Response:
            answer = _own_words(status, reason, call)
            answer.headers.extend(headers or {})
            return answer

        self._add(refused, which)

    def html(self, status: int, **which: Any) -> None:
        """Answer with a proxy's HTML page."""
        page = PROXY_PAGE.format(status)
        self._add(lambda *_: Response(page, status, mimetype="text/html"), which)

    def drop(self, **which: Any) -> None:
        """Close the connection instead of an answer."""

        def cut(*_: Any) -> Response:
            raise Cut

        self._add(cut, which)

    def truncate(self, keep: int | None = None, **which: Any) -> None:
        """Cut off the answer's body after `keep` bytes, by default in the middle."""
        self._add(lambda _, given: _truncated(given, keep), {**which, "when": "after"})

    def clear(self) -> None:
        """Remove every rule, and bring Google up."""
        with self._lock:
            self._rules.clear()
        self.up()

    def applied(self, call: Call, when: When, response: Response | None = None) -> Response | None:
        """Return what the first rule that fits answers, None where none does. Cut: no answer."""
        with self._lock:
            rules = (one for one in self._rules if one.when == when)
            rule = next((one for one in rules if one.applies(call, self._rng)), None)
        return None if rule is None else rule.answer(call, response)

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


def _own_words(status: int, reason: str | None, call: Call) -> Response:
    """Return the called API's own answer with this status."""
    error = ApiError(status, reason=reason, location="Authorization" if status == 401 else None)
    if call.api not in ("sheets", "drive"):
        text = json.dumps({"error" if call.api == "oauth2" else "detail": error.message})
        return Response(text, status, content_type="application/json; charset=UTF-8")
    if status == 429 and call.api == "sheets":
        error = sheets_quota("read" if is_read(call) else "write", per_user=True)
    elif reason in RATE_LIMITS:
        error.message, error.domain = RATE_LIMITS[reason], "usageLimits"
    return refusal(call.api, error)


def _truncated(response: Response | None, keep: int | None) -> Response:
    """Return the same answer cut off; its Content-Length is that of the whole."""
    response = response or Response()
    length = response.content_length or len(response.get_data())
    left = length // 2 if keep is None else keep
    response.headers["Content-Length"] = str(length)
    response.response = cut_after(response.iter_encoded(), left)
    return response
