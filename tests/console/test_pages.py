"""The console over HTTP: pages, searches, and what its buttons do."""

from tests.made_up import document, milestone, task, uuid
from tests.world import World, wait_for

PAGES = (
    "/",
    "/jobs",
    "/jobs/documents",
    "/webhooks",
    "/setup",
    "/actions/forget",
    "/actions/pause",
)


def test_pages_say_what_has_arrived(world: World) -> None:
    with world.serve():
        visitor = world.visitor.signed_in()
        assert "No job has arrived" in visitor.page("/jobs")
        assert "Nothing has arrived yet" in visitor.page("/webhooks")
        world.send(milestone(1, 1, name="Permits", status="SUBMITTED", tasks=[task(document(1))]))
        wait_for(world.is_up_to_date)
        (name,) = (row["Customer"].text for row in world.by_site().values())
        for path in PAGES:
            text = visitor.page(path)
            assert "<h1>" in text
            for word in ("worker", "[[milestones]]", "ADMIN_PASSWORD"):
                assert word not in text, (path, word)
        assert name in visitor.page("/jobs")
        assert name in visitor.page("/webhooks")
        story = visitor.page(f"/jobs/{uuid(1)}")
        assert "Permits: <span" in story
        assert "Submitted" in story
        assert "in Drive" in story
        assert "Its row shows everything" in story
