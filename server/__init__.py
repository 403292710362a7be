"""The sync server: takes events in, hands packets out, reconciles visits, asks people to decide."""
