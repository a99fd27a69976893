"""Who asks: the doors, and the container behind them."""
