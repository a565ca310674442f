"""Alerts: a message when something goes wrong, and when it is right again."""
