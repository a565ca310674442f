"""Sends a message to people, through apprise."""

import re
import time
from collections.abc import Iterable
from typing import Any

import structlog
from pydantic import SecretStr

_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_CALLS = re.compile(r"(?<!\w)@|@(?=everyone|here|channel|all|team|room)", re.IGNORECASE)
"""Every @ except that of an email address, in which a service may see a name to notify."""
_BRACKETS = str.maketrans({"<": "\u2039", ">": "\u203a"})  # quotation marks that look alike
_LONGEST = 1500
"""Characters that every service accepts."""
_TRIES, _PAUSE = 3, 2.0

_log = structlog.get_logger()


def send(urls: Iterable[SecretStr], text: str, link: str = "") -> bool:
    """Send a text to every address, with a few tries; return whether one has taken it.

    It blocks, and doesn't raise.
    """
    # Services have their own markup: break up text that could notify everybody.
    plain = _CALLS.sub("(at)", _CONTROLS.sub(" ", text).translate(_BRACKETS))
    cut = plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"
    body = "\n".join(filter(None, (cut, link)))
    arrived = [_deliver(url, body) for url in urls]  # To all of them.
    return any(arrived)


def _deliver(url: SecretStr, body: str) -> bool:
    service = _service(url)
    for number in range(_TRIES):
        time.sleep(_PAUSE * bool(number))
        try:
            if service.notify(body, title="Brightsheet", body_format="text"):
                return True
        except Exception as error:  # A plug-in may raise anything.
            _log.warning("alert_not_sent", reason=type(error).__name__)
    # The address is a secret, but for the service's name.
    _log.warning("alert_not_sent", service=url.get_secret_value().partition(":")[0])
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
    service = Apprise(asset=asset)
    service.add(url.get_secret_value())
    return service
