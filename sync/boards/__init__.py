"""Boards: spreadsheets that installers had before, with their own tabs, columns and words.

First read `Target` (jobs/target.py), sheets/job_tabs.py and sheets/diff.py of the core, which
`register` adds boards to. Then, in reading order:

- `mapping` decides what each column shows, by what a `survey` sees in the spreadsheet. `metadata`
  composes and reads what the sheet stores of it.
- `party` normalizes the `customer_texts` of rows and customers. `row_lookup` decides by them which
  row is a job's: by certain matches (`match`), or as the user answers about candidates.
- `job_tabs` serves the mapped tabs to the core, as a `reader` reads them. `table_end` finds where
  new rows go, and which `formulas` they copy. `habits` are how a column is written, `options` the
  words that drop-downs lost, `foreign_keys` rows that were parted from their site ID, and `views`
  filter views.
- Whether typed text stays is decided in the core: `decide` in sheets/policy.py (decision 13).
- `map_tabs` maps tabs, also as in an `other_sheet`. `preview` lists what the first flush
  (`first_flush`) would change. `unmap` takes the mapping back.
- `candidates` compares jobs with their candidates, and `link` reads these for the user's review
  and stores the answers.
- `check` is for the doctor, and `problem_rules` for the status.

For example, row 7 of the tab 0 has the texts {"customer": "Ortiz, Bea", "phone": "303.555.0101"},
and the customer of a new job has the phone +1 (303) 555-0101. As a `Party`, both have 3035550101.
If `[match] by` has "phone", and no other row without a site ID or job without a row has that
number, the row is the job's for certain: `Lookup.matches` has a `Match` with the place (0, 6). If
`[match] by` has only "email", the row is a candidate: `Lookup.candidates` has the place, and the
job waits for the user's answer.

What is stored of a column's words, by key and value:

| key: value         | means                                                                     |
|--------------------|---------------------------------------------------------------------------|
| text: word         | for this text of ours (in a progress column: this rule), the word is shown |
| text: ""           | the user chose that it has no word, so nothing is written                  |
| "*": "*"           | any other text is written as it is                                         |
| RULE~WORD: WORD    | a progress column's word that is recognized for the rule, but not written  |

A text without an entry isn't written, and is reported; a rule without one is passed over. Where
nothing is stored (not even `{}`), the column has no drop-down: its texts are written as they are.
"""
