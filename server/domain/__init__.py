"""Pure rules: no web, no SQL, no clock, no randomness, no log. Rows, ids, times and settings are handed in."""
