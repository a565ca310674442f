"""Boards: spreadsheets that installers had before, with their own tabs, columns and words."""
