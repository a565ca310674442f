"""EverBright's API."""
