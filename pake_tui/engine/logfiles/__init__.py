"""Reading log files where they lie: discover, follow, search, trace, scan worker."""
