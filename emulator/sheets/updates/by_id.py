"""Objects that a sheet holds by id: protected ranges, filter views, charts."""

from emulator.errors import invalid
from emulator.sheets.edit import Edit
from emulator.sheets.grid import Json, Sheet


class ById:
    """A kind of object: `name` is the attribute of Sheet that holds them, `noun` Google's word."""

    def __init__(self, name: str, noun: str) -> None:
        self._name = name
        self._noun = noun

    def all(self, edit: Edit) -> dict[int, Sheet]:
        """Return the sheet of each object, by id; ids are unique in the spreadsheet."""
        sheets = edit.spreadsheet.sheets
        return {number: sheet for sheet in sheets for number in getattr(sheet, self._name)}

    def number(self, edit: Edit, wanted: int | None) -> int:
        """Return the wanted id, or a new one. ApiError if it is taken."""
        taken = self.all(edit)
        if wanted is None:
            return edit.spreadsheet.new_id(taken)
        if wanted in taken:
            if not self._moves(edit):
                raise invalid(f"A {self._noun} with id: {wanted} already exists.")
            self.drop(edit, taken[wanted], wanted)
        return wanted

    def _moves(self, edit: Edit) -> bool:
        """Return whether a taken id is accepted: the object is another one then."""
        return self._name == "protected_ranges" and "range_id" in edit.spreadsheet.otherwise

    def need(self, edit: Edit, number: int) -> tuple[Sheet, Json]:
        """Return the sheet and the object of an id. ApiError where there is none."""
        sheet = self.all(edit).get(number)
        if sheet is None:
            raise invalid(f"No {self._noun} with id: {number}")
        return sheet, getattr(sheet, self._name)[number]

    def put(self, edit: Edit, sheet: Sheet, number: int, stored: Json) -> None:
        """Store an object on a sheet."""
        edit.set(sheet, self._name, {**getattr(sheet, self._name), number: stored})

    def drop(self, edit: Edit, sheet: Sheet, number: int) -> None:
        """Remove an object."""
        rest = {key: one for key, one in getattr(sheet, self._name).items() if key != number}
        edit.set(sheet, self._name, rest)
