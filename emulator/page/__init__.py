"""The page: spreadsheets as people see them, and the files in Drive."""

from emulator.page.views import Page

__all__ = ["Page"]
