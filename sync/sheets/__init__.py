"""The spreadsheet: read, diff, write, verify."""
