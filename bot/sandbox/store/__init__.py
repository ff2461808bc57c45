"""The books in a SQL database: each change is a row, and what was answered is committed."""
