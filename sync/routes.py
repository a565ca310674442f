"""Paths of the receiver, which the doctor calls from outside."""

WEBHOOK = "/webhooks/everbright"
CHECK = f"{WEBHOOK}/check"
"""Checks a secret without storing anything."""
HEALTH = "/healthz"
"""Doesn't use the database, so it is answered even while everything else waits for it."""
CLAIMED_ADDRESS = "192.0.2.1"
"""The client address that the doctor's requests claim; no machine has it. Proxies add to it or
replace it, which shows the receiver how many of them there are."""
