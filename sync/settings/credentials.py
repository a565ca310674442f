"""Checks Google credentials, which are JSON text, without calling Google."""

import json
from collections.abc import Callable
from typing import Any

from google.oauth2.credentials import Credentials
from google.oauth2.service_account import Credentials as ServiceAccount


def credentials(fix: str) -> Callable[[str], str]:
    """Return a validator of a service account's key or a user account's token."""

    def check(text: str) -> str:
        try:
            tree: Any = json.loads(text)
            if tree.get("type", "authorized_user") == "authorized_user":
                Credentials.from_authorized_user_info(tree)
            else:
                ServiceAccount.from_service_account_info(tree)
        except (ValueError, AttributeError, TypeError):
            raise ValueError(f"is not valid. {fix}") from None
        return text

    return check
