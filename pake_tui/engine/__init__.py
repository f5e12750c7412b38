"""The embedded engine: settings, store, logger, log files, monitoring, collector."""
