"""Copies documents from EverBright into Drive: each once, whatever is killed or repeated."""

from sync.documents.copier import Copier
from sync.documents.folders import JobFolders
from sync.documents.naming import FolderNamer
from sync.documents.room import Room

__all__ = ["Copier", "FolderNamer", "JobFolders", "Room"]
