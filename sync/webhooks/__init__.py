"""Parses webhook bodies into events. Pure."""
