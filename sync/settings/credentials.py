"""Checks Google credentials, which are JSON text, without calling Google."""

import json
from collections.abc import Callable
from typing import Any

from google.auth.crypt import RSASigner

_REQUIRED = {
    "service_account": {"client_email", "private_key", "token_uri"},
    "authorized_user": {"client_id", "client_secret", "refresh_token"},
}


def credentials(fix: str) -> Callable[[str], str]:
    """Return a validator of a service account's key or a user account's token."""

    def check(text: str) -> str:
        try:
            tree: Any = json.loads(text)
            kind = tree.get("type", "authorized_user")
            missing = _REQUIRED[kind] - tree.keys()
        except (ValueError, AttributeError, KeyError, TypeError):
            raise ValueError(f"is not valid. {fix}") from None
        if missing:
            raise ValueError(f"lacks {min(missing)}. {fix}")
        if kind == "service_account":
            try:
                RSASigner.from_service_account_info(tree)
            except (ValueError, TypeError):
                text = "It may have lost its line breaks on the way: paste the JSON file whole."
                raise ValueError(f"holds an invalid private key. {text}") from None
        return text

    return check
