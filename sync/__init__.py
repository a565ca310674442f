"""Brightsheet: keeps a Google Sheet true to EverBright."""
