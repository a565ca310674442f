"""Checks Google credentials, which are JSON text, without calling Google."""

import json
from typing import Any

from google.auth.crypt import RSASigner
from pydantic import SecretStr

from sync.errors import SettingsError

_SERVICE_ACCOUNT, _TOKEN = "GOOGLE_SERVICE_ACCOUNT_JSON", "GOOGLE_OAUTH_TOKEN_JSON"
_FIXES = {
    _SERVICE_ACCOUNT: "Paste the JSON file of the service account's key, whole.",
    _TOKEN: "Copy the whole line that `brightsheet auth google` printed.",
}
_REQUIRED = {
    "service_account": {"client_email", "private_key", "token_uri"},
    "authorized_user": {"client_id", "client_secret", "refresh_token"},
}


def chosen(service_account: SecretStr | None, token: SecretStr | None) -> SecretStr:
    """Return the first that is set, checked. Raises SettingsError that names its setting."""
    if service_account:
        return _checked_values(_SERVICE_ACCOUNT, service_account.get_secret_value())
    if token:
        return _checked_values(_TOKEN, token.get_secret_value())
    raise SettingsError(
        _SERVICE_ACCOUNT,
        "is not set. Paste the service account's JSON key. If Google doesn't allow keys, sign in "
        "with a user account: brightsheet auth google --client FILE",
        is_missing=True,
    )


def _checked_values(name: str, text: str) -> SecretStr:
    try:
        tree: Any = json.loads(text)
        kind = tree.get("type", "authorized_user")
        missing = _REQUIRED[kind] - tree.keys()
    except (ValueError, AttributeError, KeyError, TypeError):
        raise SettingsError(name, f"is not valid. {_FIXES[name]}") from None
    if missing:
        raise SettingsError(name, f"lacks {sorted(missing)[0]}. {_FIXES[name]}")
    if kind == "service_account":
        try:
            RSASigner.from_service_account_info(tree)
        except (ValueError, TypeError):
            fix = "It may have lost its line breaks on the way: paste the JSON file whole."
            raise SettingsError(name, f"holds an invalid private key. {fix}") from None
    return SecretStr(text)
