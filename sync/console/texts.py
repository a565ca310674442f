"""How moments, outcomes and counts are written on the pages."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from sync.settings.environment import Settings
from sync.status.problem import counted, lasting

_TONES = {
    "accepted": "good",
    "done": "good",
    "ok": "good",
    "rejected": "bad",
    "failed": "bad",
    "pending": "wait",
    "requested": "wait",
    "taken": "wait",
    "begun": "wait",
    "warning": "wait",
    "behind": "bad",
}
_STATES = {"requested": "waits for the worker", "taken": "the worker is at it", "begun": "begun"}


def clock(zone: str) -> Callable[[datetime | float | None], Markup]:
    """Return a filter that writes a moment (or seconds since 1970) in a time zone, as an element.

    Without a zone it is UTC, which is said.
    """
    place = ZoneInfo(zone) if zone else UTC

    def write(moment: datetime | float | None) -> Markup:
        if moment is None:
            return Markup("never")
        if not isinstance(moment, datetime):
            moment = datetime.fromtimestamp(moment, UTC)
        local = moment.astimezone(place)
        text = f"{local:%d %b %Y, %H:%M:%S}{'' if zone else ' UTC'}"
        return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), text)

    return write


def ago(moment: datetime | float | None) -> str:
    """Write how long ago a moment was."""
    if moment is None:
        return "never"
    seconds = moment.timestamp() if isinstance(moment, datetime) else moment
    return f"{lasting(max(0.0, datetime.now(UTC).timestamp() - seconds))} ago"


def tone(word: object) -> str:
    """Return the class of a badge: good, bad, wait, or "" for neither."""
    return _TONES.get(str(word), "")


def state(word: object) -> str:
    """Write the state of an action."""
    return _STATES.get(str(word), str(word))


def commands(text: str) -> Markup:
    """Write what stands between backticks as something to copy: a click selects all of it."""
    parts = (escape(part) for part in text.split("`"))
    return Markup("").join(
        Markup("<code class=copy>{}</code>").format(part) if number % 2 else part
        for number, part in enumerate(parts)
    )


FILTERS: dict[str, Callable[..., Any]] = {
    "ago": ago,
    "lasting": lasting,
    "tone": tone,
    "state": state,
    "counted": counted,
    "commands": commands,
}


def context(settings: Settings, *, shows_personal: bool) -> dict[str, Any]:
    """Return what every template may use."""
    return {
        "shows_personal": shows_personal,
        "everbright": settings.everbright_url,
        "spreadsheet": settings.spreadsheet_id,
    }
