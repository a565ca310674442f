"""Lists which metrics of the Data Access Layer an account has, by what was answered. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from sync.jobs.model import Details
from sync.types import Value


class Entry(Value):
    """A metric of a column: of how many jobs it was asked, and how many of those had a value."""

    column: str
    metric: str
    asked: int = 0
    values: int = 0
    blank: int = 0
    """Of jobs that have none yet."""
    missing: int = 0
    """Of answers without the metric: the account may not have it, or call it otherwise."""
    refused: int = 0


def entries(columns: Mapping[str, Sequence[str]], known: Iterable[Details]) -> list[Entry]:
    """Return an entry for each metric in `columns`; one with {alias} is each that was asked for."""
    everything = list(known)
    names = sorted({name for one in everything for name in one.asked})
    found: list[Entry] = []
    for column, metrics in columns.items():
        for metric in metrics:
            before, alias, after = metric.partition("{alias}")
            those = [one for one in names if one.startswith(before) and one.endswith(after)]
            for name in (those if alias else []) or [metric]:
                found.append(_entry(column, name, everything))
    return found


def _entry(column: str, metric: str, known: Iterable[Details]) -> Entry:
    asked = [one for one in known if metric in one.asked]
    answered = [one.values for one in asked if not one.is_refused]
    values = sum(bool(one.get(metric)) for one in answered)
    missing = sum(metric not in one for one in answered)
    return Entry(
        column=column,
        metric=metric,
        asked=len(asked),
        values=values,
        blank=len(answered) - values - missing,
        missing=missing,
        refused=len(asked) - len(answered),
    )


def text(one: Entry) -> str:
    """Return an entry in words."""
    said = f"{one.column}: {one.metric}: jobs asked: {one.asked}, with a value: {one.values}"
    if one.asked and one.refused == one.asked:
        return f"{said}. EverBright refused it: correct `details` or the name under [everbright]"
    if one.asked and one.missing + one.refused == one.asked:
        return f"{said}. No answer has it: correct the name under [everbright], or leave it out"
    return said
