"""Tests over real HTTP, with real processes."""
