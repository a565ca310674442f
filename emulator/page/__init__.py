"""The page: spreadsheets as people see them, and the files in Drive."""
