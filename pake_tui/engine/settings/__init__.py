"""Typed settings: schema, layers, live edits."""
