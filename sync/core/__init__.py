"""The core of 1.0: receives webhooks, applies them to jobs, and keeps the sheet in line."""
