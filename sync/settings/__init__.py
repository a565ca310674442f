"""Settings: the environment and the config file."""
