"""A form as a browser without JavaScript has it: what it would send, and what a person changes."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from tests.console.conftest import Visitor


class Form(HTMLParser):
    """The form with an id in a page; `values` is what it would send, in its order."""

    def __init__(self, page: str, form_id: str) -> None:
        super().__init__()
        self.page = page
        self.values: MultiDict[str, str] = MultiDict()
        self.offered: dict[str, list[str]] = {}
        self.action = ""
        self._id, self._is_inside = form_id, False
        self._select, self._text = "", ""
        self._option: dict[str, str] | None = None
        self._chosen: str | None = None
        self.feed(page)
        assert self.values, f"no form {form_id} in the page"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_inside = have.get("id") == self._id
            self.action = have.get("action", "") if self._is_inside else self.action
        if not self._is_inside:
            return
        if tag == "input" and "name" in have:
            self._input(have)
        elif tag == "select":
            self._select, self._chosen = have["name"], None
        elif tag == "option":
            self._option, self._text = have, ""

    def _input(self, have: dict[str, str]) -> None:
        if have.get("type") in ("radio", "checkbox"):
            self.offered.setdefault(have["name"], []).append(have["value"])
            if "checked" not in have:
                return
        self.values.add(have["name"], have.get("value", ""))

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False
        elif tag == "option" and self._option is not None:
            value = self._option.get("value", " ".join(self._text.split()))
            self.offered.setdefault(self._select, []).append(value)
            if self._chosen is None or "selected" in self._option:
                self._chosen = value
            self._option = None
        elif tag == "select" and self._select:
            self.values.add(self._select, self._chosen or "")
            self._select = ""

    def choose(self, name: str, value: str) -> Form:
        assert value in self.offered[name], (name, value, self.offered[name])
        self.values.setlist(name, [value])
        return self

    def check(self, name: str, *values: str) -> Form:
        assert {*values} <= {*self.offered[name]}, (name, self.offered[name])
        self.values.setlist(name, [*values])
        return self

    def answer(
        self, visitor: Visitor, path: str, *, follow: bool = False, **button: str
    ) -> TestResponse:
        """Send it as a press of a button does: to its own address, or to `path` without one."""
        data: Any = MultiDict([*self.values.items(multi=True), *button.items()])
        return visitor.client.post(self.action or path, data=data, follow_redirects=follow)

    def send(self, visitor: Visitor, path: str, **button: str) -> Form:
        answer = self.answer(visitor, path, follow=True, **button)
        while 'http-equiv="refresh"' in answer.text:  # A browser waits for customers like this.
            answer = visitor.client.get(answer.request.full_path)
        assert answer.status_code == 200, answer.text
        return Form(answer.text, self._id)
