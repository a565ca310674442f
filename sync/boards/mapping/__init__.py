"""Which column of a person's own sheet shows which field: seen values → proposals. Pure."""
