"""`brightsheet link`: jobs whose row on a board is not certain."""

import json
import shlex
import time
from collections.abc import Iterable
from dataclasses import asdict

import click

from sync.boards.candidates import Candidate, NamedRow, ReviewedJob
from sync.boards.link import ChosenRows, Review, link
from sync.commands import echo, json_option, pairs
from sync.wiring import opened


@click.command("link")
@click.option(
    "--set",
    "rows",
    multiple=True,
    metavar="SITE=TAB!ROW",
    help='The job\'s row, such as "8ba871ae=Open jobs!12", or 8ba871ae=none if it is none of the '
    "listed rows. Repeat for more.",
)
@click.option("--write", is_flag=True, help="Write the changes. Without it, nothing is written.")
@json_option("Print one JSON object per line.")
def link_rows(rows: tuple[str, ...], write: bool, as_json: bool) -> None:
    """List jobs that may already have a row in your own sheet, and choose their rows.

    The row that you choose gets the job's site ID. If a row was added for the job and nobody typed
    into it, that row is emptied; you can delete it. With "none", the job gets its own row and is
    listed only with --json.
    """
    chosen = pairs("SITE=Tab!12 or SITE=none", rows)
    review, answers = link(opened(), time.sleep, chosen, write=write)
    echo(_json(review) if as_json else _lines(review, answers, is_written=write))


def _lines(review: Review, answers: ChosenRows, *, is_written: bool) -> Iterable[str]:
    done = {job.site for job, _ in answers}
    for job, row in answers:
        yield from _effect(job, row, is_written=is_written)
    for doubled in review.doubled:
        yield f"{doubled.site} is in {doubled}. Delete the rows that you don't need."
    left = [job for job in review.unsettled if job.site not in done]
    for job in left:
        yield f"{job.site}  {job.customer.name}  {job.customer.address}".rstrip()
        if job.added:
            yield f"    added  {job.added.name}: {job.added.text}"
        for one in job.candidates:
            yield f"    maybe  {one.row.name}: {one.row.text}"
            if agreed := ", ".join(each.title for each in one.fields if each.agrees):
                yield f"           same {agreed}"
    if left:
        site = left[0].site[:8]
        example = shlex.quote(f"{site}={left[0].candidates[0].row.name}")
        yield f"To choose a row: brightsheet link --set {example} --write"
        yield f"If it is none of these: brightsheet link --set {site}=none --write"
    elif done and not is_written:
        yield "Nothing was written. To write it, add --write."
    elif not (done or review.doubled):
        yield "No job is waiting for an answer."


def _effect(job: ReviewedJob, one: Candidate | None, *, is_written: bool) -> Iterable[str]:
    if one is None:
        verb = "has" if is_written or job.added else "would get"
        yield f"{job.site} {verb} its own row, because none of the listed rows is the job's."
        return
    yield f"{one.row.name} {'has' if is_written else 'would get'} the site ID of {job.site}."
    if job.added:
        emptied = "is now empty except for formulas" if is_written else "would be emptied"
        yield f"{job.added.name}, which was added for this job, {emptied}. You can delete it."


def _json(review: Review) -> Iterable[str]:
    def named(row: NamedRow) -> dict[str, str]:
        return {"row": row.name, "text": row.text}

    for doubled in review.doubled:
        yield json.dumps({"site": doubled.site, "rows": doubled.rows})
    for job in review.jobs:
        yield json.dumps(
            {
                "site": job.site,
                "customer": job.customer.name,
                "address": job.customer.address,
                "added": named(job.added) if job.added else None,
                "candidates": [
                    named(one.row) | {"fields": [asdict(each) for each in one.fields]}
                    for one in job.candidates
                ],
                "answered": job.is_settled,
            }
        )
