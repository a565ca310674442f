"""What is in a spreadsheet before tabs are mapped or made: Google's answer → values. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

from sync.errors import Permanent
from sync.boards.mapping.tab import LOOKED_AT, CellKind, Entry, Lock, SeenCell, SeenTab
from sync.settings.config_file import SheetConfig
from sync.boards import formulas
from sync.sheets.answer import DATE_FORMATS, JOBS_TAB, quoted

Json = Mapping[str, Any]


