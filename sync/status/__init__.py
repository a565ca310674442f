"""What is wrong now and what came: it only says so, except for replay and for lost rows."""
