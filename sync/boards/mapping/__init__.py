"""Proposes and decides which field each column of an installer's tab shows. Pure.

In reading order:

- `tab` holds a tab as it was read, and `fields` what a column can show. A field's ID is the
  column's ID in the core.
- `words` holds what a column shows for our texts, or for rules, and `stored_mapping` how a tab is
  mapped already.
- `recognize` finds the field that a header names, by the terms of `vocabulary`. `header_row` finds
  the row of the headers, and `content` what the cells of a column are.
- `fit_options` and `progress` propose what a column's words stand for.
- `propose` proposes each column's field, from all of these.
- `decide` decides a `tab_mapping`, from that proposal, the stored mapping or that of a tab with the
  same headers (`example`), and the user's `choices`.
- `progress_order` compares typed words of a progress column with a job's, in a flush.

For example, a tab has three columns, the last two of them with drop-downs:

| header | options                               | field, and why                                |
|--------|---------------------------------------|-----------------------------------------------|
| Client |                                       | `customer`, by a term of the vocabulary       |
| Perm.  | Applied, Issued                       | `status:KEY`, by the name of that milestone   |
| Stage  | Sold, Permit in, Permit OK, Installed | `progress`: its options are about a whole job |

A person writes ("spells") the field ID `status:KEY` as `status:Permit`, and names a column by its
header or its letter.

| concept       | what it is                                                                       |
|---------------|----------------------------------------------------------------------------------|
| text          | ours, mostly EverBright's: Submitted                                             |
| rule          | what a progress column has instead of a text: `KEY:SUBMITTED`. Pages say step    |
| word          | what a column shows for a text or a rule: Applied, Permit in. It is an option of |
|               | the drop-down, or what the installer types where there is none                   |
| values        | all options of a column, or else the texts in the columns with its header, in    |
|               | all tabs that are mapped together                                                |
| stored words  | those in the column's metadata: `{"Submitted": "Applied"}`                       |
| chosen words  | the user's, for single texts or rules: `{"Submitted": ["Issued"]}`               |
| base words    | those before the user's choices: stored with the column or with an example's;    |
|               | in a new progress column, the proposed ones                                      |
| ended word    | one whose option is gone: it stays stored, but isn't written (`BoardTabs`)       |
| excluded text | one for which the user chose NO_WORD: it isn't written                           |
"""
