"""Reading a lender's files: bytes in, typed rows and rejects out, as a stream. Knows no database and no service."""
