"""Boards: spreadsheets that installers had before, with their own tabs, columns and words.

- `job_tabs` serves the mapped tabs to the core.
- `map_tabs` maps tabs: `mapping` decides what each column shows, `metadata` stores it in the sheet,
  and `preview` lists what the first flush (`first_flush`) would change.
- `row_lookup` decides which row is a job's: by certain matches (`match`), or as the user answers
  about candidates (`candidates`), which `review` shows and `link` settles.
"""
