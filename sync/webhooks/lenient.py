"""Validates what EverBright sends, without the parts that have an unexpected type. Pure."""

from collections.abc import Mapping, Set
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from sync.errors import Rejected

_Model = TypeVar("_Model", bound=BaseModel)
_Place = tuple[int | str, ...]


def lenient(
    model: type[_Model], tree: Any, needed: Set[str] = frozenset()
) -> tuple[_Model, tuple[str, ...]]:
    """Return the value in `tree`, and the names of fields that were left out of it.

    Raises Rejected for a field that is `needed`.
    """
    names: list[str] = []
    # It ends, because each round leaves something out.
    while True:
        try:
            return model.model_validate(tree), tuple(dict.fromkeys(names))
        except ValidationError as error:
            # The value may be personal data, and the context has an error: see `Rejected`.
            odd = error.errors(include_input=False, include_url=False, include_context=False)
        names += [".".join(name for name in each["loc"] if isinstance(name, str)) for each in odd]
        tree = _without(tree, {_place_to_clear(each, needed) for each in odd})


def _place_to_clear(odd: Any, needed: Set[str]) -> _Place:
    """Return what to leave out because of an error. Raises Rejected for a field that is needed."""
    is_missing = odd["type"] == "missing"
    place: _Place = odd["loc"]
    if place[0] in needed:
        reason = "missing_field" if is_missing else "invalid_field"
        raise Rejected(reason, f"`{place[0]}`: {odd['msg']}")
    return place[:-1] if is_missing else place  # Without what it needs, a part is useless.


def _without(tree: Any, places: Set[_Place], here: _Place = ()) -> Any:
    """Return `tree`, which is at `here`, without what is at `places`."""
    if isinstance(tree, list):
        kept = enumerate(tree)
        return [_without(each, places, (*here, n)) for n, each in kept if (*here, n) not in places]
    if isinstance(tree, Mapping):
        items = tree.items()
        return {k: _without(v, places, (*here, k)) for k, v in items if (*here, k) not in places}
    return tree
