"""Sends a message to people, through apprise."""

import re
from typing import Any

import structlog
from pydantic import SecretStr

_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_CALLS = re.compile(r"(?<!\w)@|@(?=everyone|here|channel|all|team|room)", re.IGNORECASE)
"""Every @ except that of an email address, in which a service may see a name to notify."""
_BRACKETS = str.maketrans({"<": "\u2039", ">": "\u203a"})  # quotation marks that look alike

_log = structlog.get_logger()


def send(url: SecretStr, title: str, text: str) -> bool:
    """Send a text to an address; return whether it has arrived. It blocks, and doesn't raise."""
    # Services have their own markup: break up text that could notify everybody.
    plain = _CALLS.sub("(at)", _CONTROLS.sub(" ", text).translate(_BRACKETS))
    title = f"Brightsheet: {title}"
    try:
        # What is too long for a service is split.
        if _service(url).notify(plain, title=title, body_format="text", overflow="split"):
            return True
        reason = "refused"
    except Exception as error:  # A plug-in may raise anything.
        reason = type(error).__name__
    # The address is a secret, but for the service's name.
    service = url.get_secret_value().partition(":")[0]
    _log.warning("message_not_sent", service=service, reason=reason)
    return False


def _service(url: SecretStr) -> Any:
    # Imported here because it takes about 25 MB.
    from apprise import Apprise, AppriseAsset

    asset = AppriseAsset(
        storage_mode="memory",
        async_mode=False,
        http_redirects=False,
        pem_autogen=False,
        pgp_autogen=False,
    )
    return Apprise.instantiate(url.get_secret_value(), asset=asset)
