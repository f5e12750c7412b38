"""Notifiers: who is told of alerts, how each kind tells, and what happens to notices that do not arrive."""
