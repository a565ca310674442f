"""Paths of the receiver, which the doctor calls from outside."""

WEBHOOK = "/webhooks/everbright"
CHECK = f"{WEBHOOK}/check"
"""Checks a secret without storing anything."""
SECRET_HEADER = "X-Webhook-Secret"  # noqa: S105 - a name
HEALTH = "/healthz"
CLAIMED_ADDRESS = "192.0.2.1"
"""The client address that the doctor's requests claim; no machine has it."""
