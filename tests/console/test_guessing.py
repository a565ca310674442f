"""Strangers guess passwords from many addresses while the office signs in."""

import itertools
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
import requests

from emulator import Emulator
from tests.databases import fresh
from tests.world import PASSWORD, Visitor, World

pytestmark = pytest.mark.long

GUESSERS, SIGN_INS = 8, 20
LONGEST = 2.0


def test_the_office_is_let_in_within_two_seconds(google: Emulator, tmp_path: Path) -> None:
    world = World(google, tmp_path, fresh("sqlite", tmp_path), TRUSTED_PROXIES="1")
    numbers, over, answers = itertools.count(), threading.Event(), Counter[int]()

    def guess() -> None:
        stranger = Visitor(world.url)
        token = stranger.token("/sign-in")
        while not over.is_set():
            number = next(numbers)
            address = f"10.{number // 65536 % 256}.{number // 256 % 256}.{number % 256}"
            sent = {"csrf_token": token, "password": f"wrong {number}"}
            headers = {"X-Forwarded-For": address}
            answer = stranger.session.post(
                f"{world.url}/sign-in", data=sent, headers=headers, timeout=30
            )
            answers[answer.status_code] += 1

    with world.serve():
        threads = [threading.Thread(target=guess) for _ in range(GUESSERS)]
        for thread in threads:
            thread.start()
        try:
            slowest = 0.0
            for _ in range(SIGN_INS):
                office = Visitor(world.url, PASSWORD)
                began = time.monotonic()
                assert office.sign_in().status_code == 303
                slowest = max(slowest, time.monotonic() - began)
                assert requests.get(f"{world.url}/healthz", timeout=5).ok
        finally:
            over.set()
            for thread in threads:
                thread.join()
    print(f"{answers} guesses, the slowest sign-in took {slowest:.2f} s")
    assert {*answers} == {401}
    assert sum(answers.values()) > 10 * SIGN_INS
    assert slowest < LONGEST
