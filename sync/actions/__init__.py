"""Compares the sheet, restores rows, retries what failed, and forgets a customer, when asked."""
