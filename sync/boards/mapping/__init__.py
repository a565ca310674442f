"""Proposes and decides which field each column of the installer's sheet shows. Pure.

A *text* is ours, mostly EverBright's. A column's *word* is what it shows for a text: an *option* of
its drop-down, or what the installer types there. A column's *values* are all of its options, or
else the texts in its cells. A *term* is in the vocabulary by which we recognize any of these.
In a column for a job's progress, a word stands for *rules* instead of texts, such as "Permits
approved"; pages call them steps.

A *field* is what a column shows; its ID is the column's ID in the core. A word has *ended* if its
option is gone. `decide` makes a mapping of what `propose` finds, what is stored, and the choices.
"""
