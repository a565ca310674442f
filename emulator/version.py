"""The emulator's version, which is also that of the state in a data directory."""

VERSION = "0.3.0"
