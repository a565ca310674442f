"""Our words in the words of a drop-down. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from sync.mapping.fields import Field

LONGEST = 10_000
"""Characters of a mapping of words: Google lets all metadata of a tab have 30,000."""


@dataclass(frozen=True)
class Words:
    """Our text → his option, and what of ours fits no option."""

    by_ours: Mapping[str, str]
    unfit: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many characters all of it has."""
        return sum(map(len, [*self.by_ours, *self.by_ours.values()]))


def fit(field: Field, options: tuple[str, ...], said: Mapping[str, str]) -> Words:
    """Return the option for each text of ours: as `said`, else the same text, else in other case.

    `said` has options by our text. A field with any text has the options themselves as words:
    what is not among them is not written.
    """
    exact = {option: option for option in options}
    folded = {option.strip().casefold(): option for option in reversed(options)}
    ours = field.words or options
    found = {}
    for text in ours:
        option = said.get(text) if said.get(text) in exact else None
        option = option or exact.get(text) or folded.get(text.casefold())
        if option is not None:
            found[text] = option
    return Words(found, tuple(text for text in ours if text not in found))
