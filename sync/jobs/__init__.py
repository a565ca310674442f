"""Turns events into jobs, and jobs into the cells of their rows. Pure: no I/O."""
