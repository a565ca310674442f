"""Boards: spreadsheets that installers had before, with their own tabs, columns and words.

- `job_tabs` serves the mapped tabs to the core. `table_end` finds where new rows go, `options` the
  words that drop-downs lost, `progress_words` what a word of a progress column means.
- `map_tabs` maps tabs: `mapping` decides what each column shows, `metadata` composes and reads what
  the sheet stores of it, and `preview` lists what the first flush (`first_flush`) would change.
- `row_lookup` decides which row is a job's: by certain matches (`match`), or as the user answers
  about candidates (`candidates`), which `review` shows and `link` settles. They compare the texts
  of rows and customers (`customer_texts`) as a `party`.
- `reader` reads tabs, `survey` what is in them before they are mapped.

For example, row 7 of the tab 0 has the texts {"customer": "Ortiz, Bea", "phone": "303.555.0101"},
and the customer of a new job has the phone +1 (303) 555-0101. As a `Party`, both have 3035550101.
If `[match] by` has "phone", and no other row or job has that number, the row is the job's for
certain: `Lookup.matches` has a `Match` with the place (0, 6). If `[match] by` has only "email", the
row is a candidate: `Lookup.candidates` has the place, and the job waits for the user's answer.

What is stored of a column's words, by key and value:

| key: value         | means                                                                     |
|--------------------|---------------------------------------------------------------------------|
| text: word         | for this text of ours (in a progress column: this rule), the word is shown |
| text: ""           | the user chose that it has no word, so nothing is written                  |
| "*": "*"           | any other text is written as it is                                         |
| RULE~WORD: WORD    | a progress column's word that is recognized for the rule, but not written  |
"""
