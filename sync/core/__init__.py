"""The core: receives webhooks, applies them to jobs, and keeps the sheet in line."""
