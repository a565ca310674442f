"""Google's sign-in, errors and Drive."""
