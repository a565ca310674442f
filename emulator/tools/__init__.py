"""What developing the emulator needs, and its wheel does not hold."""
