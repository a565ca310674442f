"""Spreadsheets that installers had before: how their tabs are mapped, matched, previewed and written."""
