"""Reads jobs back from EverBright: what its webhooks did not bring goes into the inbox, too."""

from sync.backfill.intake import Intake
from sync.backfill.reader import Reader
from sync.backfill.run import Backfill

__all__ = ["Backfill", "Intake", "Reader"]
