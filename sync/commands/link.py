"""`brightsheet link`."""

import json
import logging
import time
from collections.abc import Iterable
from typing import Any

import click

from sync.commands.map import pairs
from sync.ops import logs, retry
from sync.sheets import link
from sync.sheets.link import Doubt, Spot
from sync.wiring import Wiring, opened

_TRIES = 5
_LONGEST_WAIT = 60.0
"""Seconds: Google's quota is counted by the minute."""


@click.command("link")
@click.option(
    "--set",
    "rows",
    multiple=True,
    metavar="SITE=TAB!ROW",
    help="This row is that job's, as in: 8ba871ae=Open jobs!12. Repeat for more.",
)
@click.option("--write", is_flag=True, help="Write it; without it nothing is written.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def link_rows(rows: tuple[str, ...], write: bool, as_json: bool) -> None:
    """List jobs whose row in your own sheet is not certain, and settle them.

    The row gets the job's site ID. The row that was added for the job is emptied, if nobody typed
    into it; delete it if you like.
    """
    logs.configure(logging.WARNING)
    chosen = pairs("SITE=Tab!12", rows)
    wiring = Wiring(*opened())
    flusher = wiring.flusher(time.sleep)
    again = retry.policy(time.sleep, _TRIES, longest=_LONGEST_WAIT)
    with wiring.hold(time.sleep) as held:
        found = again(link.find, flusher, held)
        settled = link.chosen(found, chosen)
        if settled and write:
            link.join(flusher, held, found, settled)
    for line in _json(found.doubts) if as_json else _lines(found.doubts, settled, is_written=write):
        click.echo(line)


def _lines(
    doubts: Iterable[Doubt], settled: Iterable[tuple[Doubt, Spot]], *, is_written: bool
) -> Iterable[str]:
    done = {doubt.site: spot for doubt, spot in settled}
    for doubt, spot in settled:
        said = "has the site ID of" if is_written else "would get the site ID of"
        yield f"{spot.name} {said} {doubt.site}."
        if doubt.own:
            emptied = "is empty now" if is_written else "would be emptied"
            yield f"{doubt.own.name} {emptied}: it was added for this job."
    left = [one for one in doubts if one.site not in done]
    for doubt in left:
        yield f"{doubt.site}  {doubt.customer.name}  {doubt.customer.address}".rstrip()
        if doubt.own:
            yield f"    added  {doubt.own.name}: {doubt.own.text}"
        for spot in doubt.candidates:
            yield f"    maybe  {spot.name}: {spot.text}"
    if left:
        example = f"{left[0].site[:8]}={left[0].candidates[0].name}"
        yield f'To settle one: brightsheet link --set "{example}" --write'
    elif done and not is_written:
        yield "Nothing was written. To write it, add --write."
    elif not done:
        yield "Every job has its row, or none that people made resembles it."


def _json(doubts: Iterable[Doubt]) -> Iterable[str]:
    def spot(one: Spot | None) -> dict[str, Any] | None:
        return {"row": one.name, "text": one.text} if one else None

    for doubt in doubts:
        yield json.dumps(
            {
                "site": doubt.site,
                "customer": doubt.customer.name,
                "address": doubt.customer.address,
                "added": spot(doubt.own),
                "candidates": [spot(one) for one in doubt.candidates],
            }
        )
