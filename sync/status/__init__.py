"""Finds problems, lists webhooks, and provides metrics and alerts."""
