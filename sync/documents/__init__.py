"""Copies documents from EverBright into Drive: each once, whatever is killed or repeated."""
