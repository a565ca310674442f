"""Is the sheet in step: what waits, whether that is well, and who is told."""
