"""The loops that run behind the receiver."""
