"""The two SQLite databases; one module per table family."""
