"""Tabs as plain values, for the pure tests."""

from collections.abc import Mapping, Sequence
from typing import Any

from sync.boards.mapping.fields import Fields
from sync.boards.mapping.tab import CellKind, SeenCell, SeenTab
from sync.jobs.milestones import Heading
from sync.settings.config_file import Config, load_config
from tests.made_up import DEMO_CONFIG, uuid

PERMIT, PTO, DESIGN = uuid(7531), uuid(7532), uuid(7540)
MILESTONES = (
    Heading(PERMIT, "Permit", (PERMIT,), 5),
    Heading(PTO, "Permission to Operate", (PTO, uuid(7533)), 2),
    Heading(DESIGN, "Design Approval", (DESIGN,), 2),
)


def config(synonyms: Mapping[str, Sequence[str]] | None = None) -> Config:
    tree = load_config(DEMO_CONFIG).model_dump() | {"mapping": {"synonyms": dict(synonyms or {})}}
    return Config.model_validate(tree)


def fields(synonyms: Mapping[str, Sequence[str]] | None = None, **more: Any) -> Fields:
    return Fields(config(synonyms), MILESTONES, **more)


def cell(one: object) -> SeenCell:
    if isinstance(one, SeenCell):
        return one
    if one is None or one == "":
        return SeenCell()
    if isinstance(one, str):
        return SeenCell(one, CellKind.COMPUTED if one.startswith("=") else CellKind.TEXT)
    return SeenCell(str(one), CellKind.NUMBER)


def date(text: str = "2026-03-01") -> SeenCell:
    return SeenCell(text, CellKind.DATE)


def tab(*rows: Sequence[object], **more: Any) -> SeenTab:
    cells = tuple(tuple(map(cell, row)) for row in rows)
    return SeenTab(0, "Jobs", rows=cells, row_count=100, column_count=26, **more)
