"""Checks Google credentials, which are JSON text, without calling Google."""

import json
from typing import Any

from google.oauth2.credentials import Credentials
from google.oauth2.service_account import Credentials as ServiceAccount


def credentials(text: str) -> str:
    """Check a service account's key or a user account's token."""
    try:
        tree: Any = json.loads(text)
        if tree.get("type", "authorized_user") == "authorized_user":
            Credentials.from_authorized_user_info(tree)
        else:
            ServiceAccount.from_service_account_info(tree)
    except (ValueError, AttributeError, TypeError):
        raise ValueError(
            "is not valid. Paste the whole JSON file of the service account's key with its line "
            "breaks, or the whole line that `brightsheet auth google` printed."
        ) from None
    return text
