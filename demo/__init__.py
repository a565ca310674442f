"""The demo: the product beside the emulator, with made-up jobs."""
