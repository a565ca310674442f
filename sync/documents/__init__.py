"""Copies documents from EverBright into Drive: each once, whatever is killed or repeated."""

from sync.documents.copier import Copier, Room
from sync.documents.folders import JobFolders
from sync.documents.naming import FolderNamer
from sync.documents.queue import ClaimedJob, DocumentQueue

__all__ = ["ClaimedJob", "Copier", "DocumentQueue", "FolderNamer", "JobFolders", "Room"]
