"""The office's REST API: other programs read and decide as somebody of the office, by that person's token."""
