"""Adapters for frameworks, on pake_tui's public names only."""
