"""Backfill: reads jobs from EverBright and adds missed events to the inbox."""
