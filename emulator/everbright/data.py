"""The Data Access Layer: metrics of a job, made up where they were not set. No HTTP.

Source of the shape: EverBright's pages on the layer and on data baselines. What it answers where a
metric is unknown is not published: here it is left out, and a warning names it.
"""

import random
import re
from collections.abc import Iterable, Mapping
from typing import Any

from emulator.everbright import people

OPTIONS = ("quote", "site", "workflow")
BASELINES = {"p": "PROPOSED", "s": "SIGNED", "a": "APPROVED"}
_DEADLINE = re.compile(r"milestone_[a-z0-9_]+_submission_deadline")


class Data:
    """The metrics that were set, by the UUID that is asked for."""

    def __init__(self) -> None:
        self._set: dict[str, dict[str, Any]] = {}

    def set(self, uuid: str, **metrics: Any) -> None:
        """Set metrics of a quote, site or workflow; None takes away a made-up one."""
        self._set.setdefault(uuid, {}).update(metrics)

    def answer(self, uuid: str, names: Iterable[str], baseline: str = "") -> dict[str, Any]:
        """Return what is answered for metrics; `baseline` (p, s, a) stands for their prefix."""
        asked = [f"{baseline}_{one}" if baseline else one for one in names]
        known = self._set.get(uuid, {})
        found = {name: value for name in asked if (value := _value(uuid, name, known)) is not None}
        missing = [name for name in asked if name not in found]
        return envelope([found], [f"Unknown metric: {name}" for name in missing])


def envelope(data: Any, warnings: list[str], status: int = 200) -> dict[str, Any]:
    """Return an answer in the layer's shape."""
    messages = {"warning": warnings, "error": [], "info": [], "critical": []}
    return {"status_code": status, "messages": messages, "data": data}


def _value(uuid: str, name: str, known: Mapping[str, Any]) -> Any:
    """Return a metric's value, None where it is unknown."""
    if name in known:
        return known[name]
    prefix, _, plain = name.partition("_")
    if prefix in BASELINES:
        base = _value(uuid, plain, known)
        return f"{BASELINES[prefix]}_BASELINE_NONEXISTANT" if base is not None else None
    return _made_up(uuid, name)


def _made_up(uuid: str, name: str) -> Any:
    rng = random.Random(f"{uuid} {name}")  # noqa: S311  (jobs that do not exist)
    if name == "system_capacity_kw":
        return round(rng.uniform(3, 14), 2)
    if name == "installer_payment_line_item_status":
        return rng.choice(["PENDING", "PAID"])
    if name == "sales_representative_name":
        return f"{rng.choice(people.FIRST)} {rng.choice(people.LAST)}"
    if _DEADLINE.fullmatch(name):
        return f"2026-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
    return None
