"""The demo: the product and the emulator, with made-up jobs."""
