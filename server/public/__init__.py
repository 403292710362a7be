"""The public pages: what a person can check, answer, refuse and ask for, without an account, a cookie or a script."""
