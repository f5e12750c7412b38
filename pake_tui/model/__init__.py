"""Frozen values that rooms hand to one another."""
