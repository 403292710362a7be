"""Rows: SQLAlchemy Core tables, the feed, the one writer. SQLite and PostgreSQL by the same statements."""
