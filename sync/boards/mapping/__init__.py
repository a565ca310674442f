"""Proposes and decides which field each column of an installer's tab shows. Pure.

In reading order:

- `tab` holds a tab as it was read, and `fields` what a column can show. A field's ID is the
  column's ID in the core.
- `recognize` finds the field that a header names, by the terms of `vocabulary`. `header_row` finds
  the row of the headers, and `content` what the cells of a column are.
- `text_words` and `progress` propose what a column's words stand for. `progress_words` compares
  the words of a progress column.
- `propose` proposes each column's field, from all of these.
- `decide` decides, from that proposal, the stored mapping, the user's choices, and tabs that are
  mapped already (`example`).

For example, a tab has three columns, the last two of them with drop-downs:

| header | options                               | field, and why                                |
|--------|---------------------------------------|-----------------------------------------------|
| Client |                                       | `customer`, by a term of the vocabulary       |
| Perm.  | Applied, Issued                       | `status:KEY`, by the name of that milestone   |
| Stage  | Sold, Permit in, Permit OK, Installed | `progress`: its options are about a whole job |

- A person writes ("spells") the field ID `status:KEY` as `status:Permit`, and names a column by its
  header or its letter.
- A *text* is ours, mostly EverBright's: Submitted, Approved.
- A *word* is what a column shows for a text: Applied for Submitted, Issued for Approved. It is an
  option of the drop-down, or what the installer types where there is none. It has *ended* if its
  option is gone: it stays stored, but isn't written (`BoardTabs`).
- In a progress column, words stand for *rules* instead of texts: Sold for `signed`, Permit in for
  `KEY:SUBMITTED`. Pages call them steps.
- A column's *values* are all of its options, or else the texts in its cells and those of like
  columns in other tabs.
"""
