"""Bytes become records: format families, aliases, levels. Pure."""
