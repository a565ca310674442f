"""What is wrong now: one state, one table of rules, and the verdict."""
