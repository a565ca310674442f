"""Alerts through apprise, over HTTP to servers on loopback: without secrets in logs."""

import subprocess
import sys

import pytest

from sync.errors import SettingsError
from sync.settings.environment import load
from tests.chat import Chat
from tests.made_up import ROOT
from tests.settings.test_environment import LEAST

HUSH = "a-made-up-hush"
SENDS = """
import sys
from pydantic import SecretStr
from sync.alerts.channels import send
from sync.ops import logs
logs.configure()
print([send(SecretStr(url), "test", "text") for url in sys.argv[1:]])
"""


@pytest.mark.long
def test_a_redirect_is_not_followed_and_no_address_is_logged(chat: Chat) -> None:
    """apprise logs addresses itself, partly masked: its lines are dropped with their texts."""
    chat.statuses = [302]
    url = f"json://user:{HUSH}@127.0.0.1:{chat.server.server_port}/{HUSH}"
    said = subprocess.run(
        [sys.executable, "-c", SENDS, url, f"json://127.0.0.1:1/{HUSH}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert said.stdout == "[False, False]\n"
    assert chat.paths == [f"/{HUSH}"]
    assert said.stderr.count("message_not_sent") == 1, "the same twice is one line"
    assert '"logger": "apprise' in said.stderr
    assert HUSH not in said.stderr


@pytest.mark.parametrize("name", ["ALERT_URLS", "NOTIFY_URLS"])
@pytest.mark.parametrize(
    ("urls", "said"),
    [
        (f"nonsense://{HUSH}", "apprise doesn't know"),
        (f"ntfys://topic {HUSH}", "apprise doesn't know"),
        (f"json://chat.example/{HUSH}", "Use jsons:// instead"),
        (f"mailto://me:{HUSH}@mail.example", "Use mailtos:// instead"),
    ],
)
def test_an_address_that_would_not_do_stops_the_start(name: str, urls: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(LEAST | {name: urls})
    assert caught.value.message.startswith(f"{name}: ")
    assert said in caught.value.message
    assert HUSH not in caught.value.message


def test_several_addresses_with_spaces_or_lines_between() -> None:
    """An address may hold a comma."""
    mail = "mailtos://me:pw@mail.example?to=a@x.example,b@x.example"
    settings = load(LEAST | {"ALERT_URLS": f"{mail}\n ntfys://topic"})
    assert [one.get_secret_value() for one in settings.alert_urls] == [mail, "ntfys://topic"]
    assert "pw" not in repr(settings)
