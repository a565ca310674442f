"""Finds problems, compares the sheet, lists webhooks, and provides metrics and alerts."""
