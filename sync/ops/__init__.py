"""Logs, alerts, retry policies: what keeps it running."""
