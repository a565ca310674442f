"""What is in a spreadsheet before tabs are mapped or made: Google's answer → values. Pure."""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]
