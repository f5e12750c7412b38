"""Health checks that the configuration describes: what they are, how each kind asks, when they run."""
