"""What is done once: a spreadsheet is made or filled, a person's own tabs are mapped."""
