"""The console: a full-screen Textual program."""
