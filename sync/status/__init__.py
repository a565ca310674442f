"""Is the sheet in step: what waits, whether that is normal, and the alerts if it is not."""
