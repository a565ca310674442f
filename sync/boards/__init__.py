"""The office's own tabs: connected columns, whose row is whose, and who may write what."""
