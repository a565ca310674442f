"""Copies documents from EverBright to Drive: each once, even if the process is killed."""
