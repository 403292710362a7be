"""Use cases: one transaction each, a few lines each; rules come from domain, rows from storage."""
