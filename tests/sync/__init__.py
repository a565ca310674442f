"""Tests of the rooms of sync."""
