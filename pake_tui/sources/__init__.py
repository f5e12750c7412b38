"""What a screen reads: five protocols, fakes, and the embedded engine behind them."""
