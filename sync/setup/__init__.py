"""Sets up and fills spreadsheets."""
