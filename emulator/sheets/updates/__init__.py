"""The requests of spreadsheets.batchUpdate, by what they change; `batch` applies them."""
