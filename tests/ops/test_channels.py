"""Alerts through apprise, over HTTP to servers on loopback: to all of them, and without secrets."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from sync.errors import SettingsError
from sync.ops.alerts import REPEAT_SECONDS, Alerts, AppriseChannel, Message, mail_channels
from sync.settings.environment import load
from tests.chat import Chat
from tests.made_up import ROOT
from tests.ops.test_alerts import Clock
from tests.settings.test_environment import LEAST
from tests.world import wait_for

HUSH = "a-made-up-hush"


@pytest.fixture
def chats() -> Iterator[tuple[Chat, Chat]]:
    made = Chat(), Chat()
    yield made
    for one in made:
        one.hold.set()
        one.server.shutdown()
        one.server.server_close()


def apprise(chat: Chat) -> SecretStr:
    return SecretStr(f"json://user:{HUSH}@127.0.0.1:{chat.server.server_port}/{HUSH}")


def test_an_alert_goes_to_every_channel(chats: tuple[Chat, Chat]) -> None:
    slack, other = chats
    channels = [AppriseChannel(slack.url), AppriseChannel(apprise(other))]
    alerts = Alerts(channels, link="https://sheet.example/")
    assert alerts.send("not_shared", "Share the file.")
    wait_for(lambda: slack.heard and other.heard)
    (heard,) = other.heard
    assert heard["title"] == "Brightsheet"
    text, since, link = heard["message"].split("\n")
    assert (text, link) == ("Share the file.", "https://sheet.example/")
    assert since.startswith("Since 20")
    assert slack.texts() == [heard["message"]]


@pytest.mark.long
def test_a_channel_that_is_down_delays_and_doubles_nothing(chats: tuple[Chat, Chat]) -> None:
    clock = Clock()
    slow, fine = chats
    slow.hold.clear()
    alerts = Alerts([AppriseChannel(apprise(one)) for one in chats], clock)
    assert alerts.send("one", "The first.")
    assert alerts.send("two", "The second.")
    wait_for(lambda: len(fine.heard) == 2)
    assert slow.heard == []
    slow.statuses = [500] * 9
    slow.hold.set()
    assert not alerts.send("one", "The first.")
    wait_for(lambda: len(slow.paths) >= 6)
    assert not alerts.send("one", "The first.")
    clock.now += REPEAT_SECONDS
    assert alerts.send("one", "The first.")


def test_since_when_it_is_so_is_kept_while_it_lasts(chats: tuple[Chat, Chat]) -> None:
    """An hour later it says the same beginning; once it was over, a new one."""
    clock, chat = Clock(), chats[0]
    alerts = Alerts([AppriseChannel(apprise(chat))], clock, wall=clock)
    for seconds in (0.0, REPEAT_SECONDS, 3 * REPEAT_SECONDS):
        clock.now += seconds
        assert alerts.send("not_shared", "Share the file.")
        wait_for(lambda: chat.heard)
    wait_for(lambda: len(chat.heard) == 3)
    since = [one["message"].split("\n")[1] for one in chat.heard]
    assert since == [
        "Since 1970-01-01 00:16 UTC. Code: not_shared.",
        "Since 1970-01-01 00:16 UTC. Code: not_shared.",
        "Since 1970-01-01 04:16 UTC. Code: not_shared.",
    ]


def test_nothing_in_a_text_calls_everybody(chats: tuple[Chat, Chat]) -> None:
    """A status or a message of Google's may be in it; an address to share with stays whole."""
    calls = "@everyone x@everyone <!channel> @Here @room @**all**\x1b[31m"
    text = f"{calls}; share with robot@project.example" + "x" * 2000
    AppriseChannel(apprise(chats[0])).deliver(Message(text))
    (heard,) = chats[0].heard
    assert "@everyone" not in heard["message"]
    assert heard["message"].count("@") == 1
    assert "<" not in heard["message"]
    assert "\x1b" not in heard["message"]
    assert "robot@project.example" in heard["message"]
    assert len(heard["message"]) < 1600


SENDS = """
import sys
from pydantic import SecretStr
from sync.ops import logs
from sync.ops.alerts import AppriseChannel, Message
logs.configure()
for url in sys.argv[1:]:
    assert not AppriseChannel(SecretStr(url)).deliver(Message("text"))
"""


def test_a_redirect_is_not_followed_and_no_address_is_logged(chats: tuple[Chat, Chat]) -> None:
    """apprise logs addresses itself, partly masked: its lines are dropped with their texts."""
    chat = chats[0]
    chat.statuses = [302]
    urls = [apprise(chat).get_secret_value(), f"json://127.0.0.1:1/{HUSH}"]
    said = subprocess.run(
        [sys.executable, "-c", SENDS, *urls], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert len(chat.paths) == 1
    assert said.stderr.count("alert_not_sent") == 2
    assert '"logger": "apprise' in said.stderr
    assert HUSH not in said.stderr + said.stdout


def test_a_plug_in_that_raises_is_an_alert_that_was_not_sent() -> None:
    class Broken:
        def notify(self, *_: object, **__: object) -> bool:
            raise ValueError(HUSH)

    channel = AppriseChannel(SecretStr("json://127.0.0.1:1/"))
    channel.__dict__["_service"] = Broken()
    with capture_logs() as logged:
        assert not channel.deliver(Message("text"))
    assert HUSH not in str(logged)
    assert logged[0]["reason"] == "ValueError"


@pytest.mark.parametrize(
    ("urls", "said"),
    [
        (f"nonsense://{HUSH}", "apprise doesn't know"),
        (f"ntfys://topic {HUSH}", "apprise doesn't know"),
        (f"json://chat.example/{HUSH}", "Use jsons:// instead"),
        (f"mailto://me:{HUSH}@mail.example", "Use mailtos:// instead"),
    ],
)
def test_an_address_that_would_not_do_stops_the_start(urls: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(LEAST | {"ALERT_URLS": urls})
    assert caught.value.message.startswith("ALERT_URLS: ")
    assert said in caught.value.message
    assert HUSH not in caught.value.message


def test_several_addresses_with_spaces_or_lines_between() -> None:
    """An address may hold a comma."""
    mail = "mailtos://me:pw@mail.example?to=a@x.example,b@x.example"
    settings = load(LEAST | {"ALERT_URLS": f"{mail}\n ntfys://topic"})
    assert [one.get_secret_value() for one in settings.alert_urls] == [mail, "ntfys://topic"]
    assert "pw" not in repr(settings)


@pytest.mark.parametrize(
    "url",
    [
        "mailtos://me:pw@mail.example?to=boss@x.example&cc=all@x.example",
        "mailtos://me:pw@mail.example/boss@x.example",
        "mailtos://me:pw@mail.example/boss@x.example/all@x.example?to=boss@x.example",
    ],
)
def test_a_reps_digest_goes_only_to_that_rep(url: str) -> None:
    (channel,) = mail_channels([SecretStr(url)], "rep@x.example")
    assert isinstance(channel, AppriseChannel)
    (service,) = channel._service
    assert [address for _, address in service.targets] == ["rep@x.example"]
    assert (service.cc, service.bcc) == (set(), set())
