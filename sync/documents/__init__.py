"""Copies documents from EverBright into Drive: each once, whatever is killed or repeated."""

from sync.documents.copier import Copier
from sync.documents.folders import Folders
from sync.documents.room import Room

__all__ = ["Copier", "Folders", "Room"]
