"""The eight checks of an installation, for the console and `brightsheet doctor`."""
