"""Where alerts go: a webhook in Slack's format, or any service that apprise knows.

Slack's rules for a text (source: its page on incoming webhooks): `&`, `<` and `>` are escaped, so
that nothing in it becomes a link or calls the whole channel.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import requests
import structlog
from pydantic import SecretStr

_TIMEOUT = (3.0, 5.0)
_LONGEST = 1500
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_SLACK = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_CALLS = re.compile(r"@(?=everyone|here|channel|all|team)", re.IGNORECASE)
_BRACKETS = str.maketrans({"<": "\u2039", ">": "\u203a"})  # quotation marks that look alike

_log = structlog.get_logger()


@dataclass(frozen=True)
class Message:
    """What is sent: a text of ids, reasons and fixes, since when it is so, and where to look."""

    text: str
    since: str = ""
    link: str = ""

    def lines(self) -> str:
        """Return it as lines, cut to a length that every service takes."""
        plain = _CONTROLS.sub(" ", self.text)
        cut = plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"
        return "\n".join(line for line in (cut, self.since, self.link) if line)


class Channel(Protocol):
    """One place where people read."""

    def deliver(self, message: Message) -> bool:
        """Send a message, and return whether it arrived. Never raises."""


class SlackWebhook:
    """A webhook in Slack's format: `{"text": …}`."""

    def __init__(self, url: SecretStr) -> None:
        self._url = url

    def deliver(self, message: Message) -> bool:
        """Post the message once."""
        body = {"text": f"Brightsheet: {message.lines().translate(_SLACK)}"}
        try:
            with requests.Session() as session:
                session.auth = lambda request: request  # A .netrc must not add credentials.
                answer = session.post(
                    self._url.get_secret_value(),
                    json=body,
                    timeout=_TIMEOUT,
                    allow_redirects=False,
                    stream=True,
                )
        except (requests.RequestException, ValueError) as error:
            # The error's text holds the address, which is a secret.
            _log.warning("alert_not_sent", reason=type(error).__name__)
            return False
        if not 200 <= answer.status_code < 300:
            _log.warning("alert_not_sent", status=answer.status_code)
            return False
        return True


class AppriseChannel:
    """A service by apprise's address of it, which is a secret."""

    def __init__(self, url: SecretStr) -> None:
        self._url = url

    @cached_property
    def _service(self) -> Any:
        # Here, not above: it takes some 25 MB, which only those pay who use it.
        from apprise import Apprise, AppriseAsset

        asset = AppriseAsset(
            storage_mode="memory",
            async_mode=False,
            http_redirects=False,
            pem_autogen=False,
            pgp_autogen=False,
        )
        service = Apprise(asset=asset)
        service.add(self._url.get_secret_value())
        return service

    def deliver(self, message: Message) -> bool:
        """Send the message once."""
        # Each service marks text up in its own way: what could call everybody is taken apart.
        text = _CALLS.sub("(at)", message.lines().translate(_BRACKETS))
        try:
            did_arrive = bool(self._service.notify(text, title="Brightsheet", body_format="text"))
        except Exception as error:  # Whatever one of a hundred plug-ins raises.
            _log.warning("alert_not_sent", reason=type(error).__name__)
            return False
        if not did_arrive:
            _log.warning("alert_not_sent", service=self._url.get_secret_value().partition(":")[0])
        return did_arrive


def channels(webhook: SecretStr | None, urls: Sequence[SecretStr]) -> list[Channel]:
    """Return the channels that are set."""
    slack: list[Channel] = [SlackWebhook(webhook)] if webhook else []
    return slack + [AppriseChannel(url) for url in urls]
