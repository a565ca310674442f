"""Reads jobs back from EverBright: what its webhooks did not bring goes into the inbox, too."""
