"""Brightsheet: Keeps a Google Sheet in sync with EverBright."""
