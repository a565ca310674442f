"""Logs, alerts, retry policies, heartbeats."""
