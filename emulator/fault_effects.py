"""What a fault does to a call: another answer, a pause, a cut connection."""

import json
import time
from collections.abc import Iterator

from werkzeug.wrappers import Response

from emulator.accounts import unauthenticated
from emulator.calls import Call
from emulator.errors import DRIVE_REASONS, ApiError
from emulator.faults import Faults, Rule
from emulator.google_apis import refusal
from emulator.limits import drive_rate, is_read, sheets_quota
from emulator.server import Cut

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


def before(faults: Faults, rule: Rule, call: Call) -> Response | None:
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


def after(faults: Faults, rule: Rule, call: Call, response: Response) -> Response:
    """Apply a rule to an answer, and return what the client gets."""
    if rule.do == "truncate":
        return _truncated(response, rule.bytes)
    return before(faults, rule, call) or response


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
