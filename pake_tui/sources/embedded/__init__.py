"""The five sources over the embedded engine on this host."""
