"""What is wrong now, who says it, and what came: status only says, except for replay and restore."""
