"""The tests mirror the packages; `e2e` runs the product as its user does."""
