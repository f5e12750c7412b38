"""What the host is doing, one module for each part of it; the sampler asks them all."""
