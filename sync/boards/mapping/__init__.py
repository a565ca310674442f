"""Proposes and decides which field each column of the installer's sheet shows. Pure."""
