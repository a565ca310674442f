"""Bytes to events: what EverBright sends. Pure."""
