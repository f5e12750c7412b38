"""One module per subcommand; none imports Textual but the console."""
