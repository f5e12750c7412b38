"""pake-tui: the library that applications import. Names are loaded when first used."""
