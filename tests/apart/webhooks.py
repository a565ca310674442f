"""The webhooks of made-up lives: each as EverBright would send it, some late, some twice."""

import random
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tests.apart.lives import (
    CHANGE_ORDER,
    CONTRACT,
    TASKS,
    Happening,
    Life,
    Said,
    definition,
    identify,
)

LATE, TWICE = 0.1, 0.1


def webhooks(found: Iterable[Life], seed: int) -> tuple[list[dict[str, Any]], set[str]]:
    """Return the payloads in the order of their arrival, and the jobs with one that was late.

    A tenth arrives after the next two of its job, a tenth is sent twice.
    """
    lots, queue = random.Random(seed), list[tuple[float, int, dict[str, Any]]]()
    late = set[str]()
    for life in found:
        times = [happening.at.timestamp() for happening in life.happenings]
        for number, (happening, payload) in enumerate(_payloads(life)):
            is_late = happening.of not in ("", CONTRACT) and lots.random() < LATE
            late |= {life.site} if is_late else set()
            arrives = times[min(number + 2, len(times) - 1)] + 1 if is_late else times[number]
            queue.append((arrives, len(queue), payload))
            if happening.of and lots.random() < TWICE:
                queue.append((arrives + 86_400, len(queue), payload))
    return [payload for _, _, payload in sorted(queue, key=lambda each: each[:2])], late


def _payloads(life: Life) -> Iterable[tuple[Happening, dict[str, Any]]]:
    said, papers = dict[str, list[Said]](), dict[str, str]()
    for number, happening in enumerate(life.happenings):
        if happening.said:
            said.setdefault(happening.of, []).append(happening.said)
        if happening.document:
            papers[happening.of] = happening.document
        if not happening.of:
            archived = happening.status == "ARCHIVED"
            yield (
                happening,
                {
                    "site": life.site,
                    "archived": archived,
                    "date_updated": _text(happening.at),
                },
            )
        elif happening.of in (CONTRACT, CHANGE_ORDER):
            yield happening, _paper(life, happening, number)
        else:
            own = said.get(happening.of, [])
            yield happening, _milestone(life, happening, own, papers.get(happening.of, ""))


def _milestone(
    life: Life, happening: Happening, said: Iterable[Said], paper: str
) -> dict[str, Any]:
    titled = definition(happening.of)
    number = int(titled[-3:], 16)
    tasks = []
    for n, name in enumerate(TASKS):
        files = (
            [
                {
                    "uuid": identify(life.number, number, 5),
                    "name": paper,
                    "creation_type": "UPLOADED",
                    "date_created": _text(happening.at),
                    "document_type": "OTH",
                }
            ]
            if paper and n == 0
            else []
        )
        is_missing = name in happening.missing
        status = "REJECTED" if name in happening.rejected else "INPROG"
        tasks.append(
            {
                "uuid": identify(life.number, number, 10 + n),
                "name": name,
                "status": "APPROVED" if happening.status == "APPROVED" else status,
                "sub_tasks": [
                    {
                        "uuid": identify(life.number, number, 20 + n),
                        "label": name,
                        "category": "DOCUMENT",
                        "status": "INCM" if is_missing else "COMP",
                        "document_status": "NOSTART" if is_missing else "UPLD",
                        "required": True,
                        "data": {"envelopes": [], "documents": files},
                    }
                ],
            }
        )
    return {
        "uuid": identify(life.number, number, 3),
        "site": life.site,
        "quote": life.quote,
        "milestone_definition": titled,
        "name": happening.of,
        "status": happening.status,
        "date_updated": _text(happening.at),
        "ready_to_submit": happening.is_ready,
        "comments": [_comment(life, each) for each in said],
        "tasks": tasks,
    }


def _comment(life: Life, said: Said) -> dict[str, Any]:
    first, last = said.author.split(" ")
    return {
        "uuid": identify(life.number, int(said.at.timestamp())),
        "comment": said.text,
        "commentor": f"{first}.{last}@example.com".lower(),
        "commentor_first_name": first,
        "commentor_last_name": last,
        "timestamp": _text(said.at),
        "private": said.is_private,
        "comment_type": "AUTO" if said.is_by_bot else "",
    }


def _paper(life: Life, happening: Happening, number: int) -> dict[str, Any]:
    signed = [{"date_signed": _text(happening.at)}] if happening.status == "SIGN" else []
    is_order = happening.of == CHANGE_ORDER
    order = {"change_order": True, "new_quote": identify(life.number, 4)} if is_order else {}
    return {
        "site": life.site,
        "quote": life.quote,
        "name": "Change order" if is_order else "Installation Agreement",
        "status": "INPROG",
        "task_definition": identify(8, 8, 8),
        "date_updated": _text(happening.at),
        "sub_tasks": [
            {
                "uuid": identify(life.number, 100 + number),
                "label": "Installation Agreement",
                "category": "DOCUMENT",
                "required": True,
                "document_status": happening.status,
                "data": {"documents": [], "envelopes": signed},
            }
        ],
        **order,
    }


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
