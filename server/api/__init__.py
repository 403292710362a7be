"""The JSON that devices speak: enrol, exchange, manifest, fetch, files; health and metrics."""
