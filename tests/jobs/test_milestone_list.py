"""`brightsheet milestones`: what it prints can be pasted into the config as it is."""

import json
import tomllib
from typing import Any

from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from brightsheet import cli
from sync.jobs.config_lists import milestone_entries, milestones_toml
from sync.jobs.model import Job
from sync.settings.config_file import Config
from sync.store import Database, Inbox, Jobs, Leases
from sync.store.jobs import Projected
from sync.webhooks.parse import read
from tests.jobs.test_order import a_job
from tests.jobs.test_projection import CONFIG, an_event, job_of
from tests.made_up import body, milestone, uuid
from tests.settings.test_environment import LEAST


def config(*steps: dict[str, Any]) -> Config:
    return Config.model_validate(CONFIG.model_dump() | {"milestones": steps})


def pasted(some: Config, jobs: list[Job]) -> Config:
    """The config with what is printed in the place of its milestones."""
    tree = tomllib.loads(milestones_toml(milestone_entries(some, jobs)))
    return Config.model_validate(some.model_dump(exclude={"milestones"}) | tree)


def test_what_is_configured_stays_and_the_rest_comes_in_the_order_learned() -> None:
    some = config(
        {"definitions": [uuid(30_003), uuid(30_009)], "header": "Permits"},
        {"definitions": [uuid(30_005)], "hidden": True},
    )
    jobs = [a_job(1, 4), a_job(2, 1, 2, 3, 5), a_job(3, 1, 2)]
    assert milestones_toml(milestone_entries(some, jobs)) == "\n".join(
        [
            "[[milestones]]",
            f'definitions = ["{uuid(30_003)}", "{uuid(30_009)}"]',
            'header = "Permits"',
            "",
            "[[milestones]]",
            f'definitions = ["{uuid(30_005)}"]',
            "hidden = true",
            "",
            "[[milestones]]",
            f'definitions = ["{uuid(30_001)}"]',
            'header = "Milestone 1"',
            "",
            "[[milestones]]",
            f'definitions = ["{uuid(30_002)}"]',
            'header = "Milestone 2"',
            "",
            "[[milestones]]",
            f'definitions = ["{uuid(30_004)}"]',
            'header = "Milestone 4"',
        ]
    )


def test_two_of_one_name_share_a_column_and_a_taken_header_is_left_out() -> None:
    """The config refuses a header that stands twice."""
    names = {1: "Survey", 2: "Survey", 3: "Status", 4: "Survey documents"}
    jobs = [job_of(an_event(definition=n, name=name)) for n, name in names.items()]
    found = {
        one.name: (len(one.definitions), one.header) for one in milestone_entries(config(), jobs)
    }
    assert found == {
        "Survey": (2, "Survey"),
        "Status": (1, ""),
        "Survey documents": (1, ""),
    }
    assert len(pasted(config(), jobs).milestones) == 3


@given(
    st.lists(
        st.tuples(
            st.integers(1, 6), st.text(max_size=120) | st.sampled_from(["Status", "x", '"\\'])
        ),
        max_size=8,
    )
)
def test_every_name_can_be_pasted_and_finds_its_milestone(some: list[tuple[int, str]]) -> None:
    """Quotes, line breaks, controls, a name too long, one that another column has."""
    jobs = [job_of(an_event(definition=n, name=name)) for n, name in some]
    found = pasted(config(), jobs)
    definitions = [one for step in found.milestones for one in step.definitions]
    assert sorted(definitions) == sorted({uuid(30_000 + n) for n, _ in some})
    assert pasted(found, jobs) == found


def test_the_command_prints_both_forms(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    database.upgrade()
    environment = {**LEAST, "DATABASE_URL": sqlite_url}
    runner = CliRunner()
    none = runner.invoke(cli, ["milestones"], env=environment)
    assert (none.exit_code, none.stdout) == (0, "")
    sent = body(milestone(1))
    Inbox(database).keep(sent, read(sent))
    held = Leases(database, "me", 30).acquire("sheet")
    assert held is not None
    jobs = Jobs(database)
    jobs.take_in(held, Projected([job_of(an_event()), a_job(2, 1, 2)]))
    printed = runner.invoke(cli, ["milestones"], env=environment)
    assert [one["header"] for one in tomllib.loads(printed.stdout)["milestones"]] == [
        "Milestone 1",
        "Milestone 2",
    ]
    lines = runner.invoke(cli, ["milestones", "--json"], env=environment).stdout.splitlines()
    assert [(one["name"], one["jobs"]) for one in map(json.loads, lines)] == [
        ("Milestone 1", 2),
        ("Milestone 2", 1),
    ]


def test_the_alias_of_a_metric_is_printed_as_it_came_and_kept_as_it_is_configured() -> None:
    """Would catch a deadline that goes blank because the printed lines were pasted."""
    some = config({"definitions": [uuid(30_003)], "header": "Permits", "alias": "permits"})
    jobs = [job_of(an_event(definition=definition, alias=alias)) for definition, alias in ALIASES]
    found = {one.name: one.alias for one in milestone_entries(some, jobs)}
    assert found == {"Permits": "permits", "Milestone 1": "ntp", "Milestone 2": ""}
    again = {one.header: one.alias for one in pasted(some, jobs).milestones}
    assert again == found


ALIASES = [(1, "ntp"), (3, "another"), (2, 'no "word"'), (2, {"odd": True})]
