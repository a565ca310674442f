"""The known parts of EverBright's API: documents, jobs, lists, and the pages people open."""
