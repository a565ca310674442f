"""Messages: each is sent by one process, and again until it has arrived."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from time import sleep

from sqlalchemy import update

from sync.store import Database
from sync.store.reported import Reported
from sync.store.schema import lease

KILLED = """
import os, sys
from sync.store import Database
from sync.store.reported import Reported
Reported(Database(sys.argv[1])).once("digest", lambda: os._exit(9))
"""


def test_one_process_sends_each_message(database: Database) -> None:
    sent = []

    def send() -> bool:
        sent.append(1)
        sleep(0.2)
        return True

    with ThreadPoolExecutor(4) as pool:
        arrived = list(pool.map(lambda _: Reported(database).once("digest", send), range(4)))
    assert (sum(arrived), len(sent)) == (1, 1)
    assert not Reported(database).once("digest", send)


def test_what_was_being_sent_when_a_process_was_killed_is_sent_again(database: Database) -> None:
    url = database._engine.url.render_as_string(hide_password=False)
    killed = subprocess.run([sys.executable, "-c", KILLED, url], check=False)
    assert killed.returncode == 9
    database.execute(update(lease).values(expires_at=1.0))  # Ten minutes later.
    assert Reported(database).once("digest", lambda: True)


def test_a_message_that_did_not_arrive_is_sent_again(database: Database) -> None:
    assert not Reported(database).once("digest", lambda: False)
    assert Reported(database).once("digest", lambda: True)
