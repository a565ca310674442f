"""A connected Stage column over HTTP: each line of the page of the sheet by example."""

from pathlib import Path

import pytest

from emulator import Emulator
from tests.boards.board_world import BoardWorld
from tests.boards.test_http import is_quiet
from tests.made_up import DEMO_CONFIG, milestone
from tests.world import wait_for

MILESTONES = (
    *("Site Survey", "Design", "Permits", "Installation", "Permission to Operate"),
    "Final Funding",
)
INTERCONNECTION = 9
WORDS = """
[[tabs]]
title = "Sheet1"
columns = { Client = "customer", Email = "email", Stage = "progress" }
[tabs.words.Stage]
"Sold" = ["Contract signed"]
"Site survey" = ["Site Survey started"]
"Design" = ["Site Survey approved"]
"Permit in" = ["Design approved"]
"Permit OK" = ["Permits approved"]
"Install" = ["Installation started"]
"PTO" = ["Installation approved"]
"Paid" = ["Final Funding approved"]
"On hold" = "mine"
"Call first" = "nothing"
"""
Step = tuple[str, str]
"""A milestone and its status; or ("type", a word), or ("connect", "")."""
BEFORE: list[Step] = [("Site Survey", "APPROVED"), ("Design", "APPROVED")]
SUBMITTED, APPROVED = ("Permits", "SUBMITTED"), ("Permits", "APPROVED")
REOPENED, CONNECT = ("Permits", "INPROG"), ("connect", "")
LINES: dict[str, tuple[list[Step], str]] = {
    "Permits submitted": ([CONNECT, *BEFORE, SUBMITTED], "Permit in"),
    "Permits rejected": ([CONNECT, *BEFORE, SUBMITTED, ("Permits", "REJECTED")], "Permit in"),
    "Interconnection has no word": (
        [CONNECT, *BEFORE, APPROVED, ("Interconnection", "SUBMITTED")],
        "Permit OK",
    ),
    "reopened and submitted again": (
        [CONNECT, *BEFORE, SUBMITTED, APPROVED, REOPENED, SUBMITTED],
        "Permit in",
    ),
    "no step with a word": ([CONNECT, ("type", "hers"), ("Final Funding", "SUBMITTED")], "hers"),
    "a word ahead": ([CONNECT, *BEFORE, SUBMITTED, ("type", "Install"), APPROVED], "Install"),
    "then EverBright went back": (
        [CONNECT, *BEFORE, SUBMITTED, ("type", "Install"), APPROVED, REOPENED],
        "Permit in",
    ),
    "our word, and it went back": (
        [
            CONNECT,
            *BEFORE,
            APPROVED,
            ("Installation", "INPROG"),
            ("Installation", "CANCELLED"),
            ("Installation", "NONE"),
            REOPENED,
        ],
        "Install",
    ),
    "Call first stays": (
        [CONNECT, *BEFORE, SUBMITTED, ("type", "Call first"), ("Permits", "REJECTED")],
        "Call first",
    ),
    "Call first is replaced": (
        [CONNECT, *BEFORE, SUBMITTED, ("type", "Call first"), APPROVED],
        "Permit OK",
    ),
    "On hold stays": ([CONNECT, *BEFORE, SUBMITTED, ("type", "On hold"), APPROVED], "On hold"),
    "Sold before": ([*BEFORE, SUBMITTED, ("type", "Sold"), CONNECT], "Sold"),
    "Sold before, then news": (
        [*BEFORE, SUBMITTED, ("type", "Sold"), CONNECT, APPROVED],
        "Permit OK",
    ),
    "PTO before": ([*BEFORE, SUBMITTED, ("type", "PTO"), CONNECT], "PTO"),
}


class Stages(BoardWorld):
    """A row for each line of the page, which are played step by step, all at once."""

    def __init__(self, google: Emulator, folder: Path) -> None:
        config = folder / "brightsheet.toml"
        steps = "".join(
            f'\n[[milestones]]\ndefinitions = ["{definition(title)}"]\nheader = "{title}"\n'
            for title in MILESTONES
        )
        config.write_text(DEMO_CONFIG.read_text("utf-8") + steps, "utf-8")
        super().__init__(google, folder, CONFIG_FILE=str(config))
        self.sent = dict.fromkeys(LINES, 0)
        self.file = folder / "map.toml"
        self.file.write_text(WORDS, "utf-8")
        rows = [[line, f"home{n}@example.com", None] for n, line in enumerate(LINES, 1)]
        self.fill([["Client", "Email", "Stage"], *rows])
        for number, line in enumerate(LINES, 1):
            first, _, last = f"{line} x".partition(" ")
            self.customer(number, first_name=first, last_name=last.removesuffix(" x"))

    def row(self, line: str) -> int:
        return next(n for n, row in enumerate(self.texts()) if row[0] == line)

    def run(self, line: str, step: Step) -> None:
        what, how = step
        if what == "type":
            self.fill([[how]], self.row(line), 2)
            return
        self.sent[line] += 1
        number = [*LINES].index(line) + 1
        when = f"2026-04-{self.sent[line]:02}T10:00:00Z"
        key = INTERCONNECTION if what == "Interconnection" else MILESTONES.index(what) + 1
        more = {"name": what, "status": how, "date_updated": when}
        self.send(milestone(number, key, **more))

    def settle(self) -> None:
        wait_for(lambda: is_quiet(self) and len(self.by_site()) == len(LINES))


def definition(title: str) -> str:
    return str(milestone(1, MILESTONES.index(title) + 1)["milestone_definition"])


@pytest.mark.long
def test_stage_shows_what_the_page_says(google: Emulator, tmp_path: Path) -> None:
    world = Stages(google, tmp_path)
    before = {line: steps[: steps.index(CONNECT)] for line, (steps, _) in LINES.items()}
    after = {line: steps[steps.index(CONNECT) + 1 :] for line, (steps, _) in LINES.items()}
    with world.serve():
        for number, (line, steps) in enumerate(before.items(), 1):
            world.send(milestone(number, 8, name="Other", status="NONE"))
            for step in steps:
                world.run(line, step)
        world.settle()
        world.map(str(world.file), "--write")
        world.settle()
        for turn in range(max(map(len, after.values()))):
            for line, steps in after.items():
                if turn < len(steps):
                    world.run(line, steps[turn])
            world.settle()
        shown = {row["Client"]: row.get("Stage", "") for row in world.rows_by_header()}
    assert shown == {line: word for line, (_, word) in LINES.items()}
