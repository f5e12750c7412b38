"""Instruments, sampler, checks, rules, and the alert lifecycle."""
