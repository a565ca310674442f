"""EverBright's API as far as it is known: documents, jobs, lists, and the pages people open."""
