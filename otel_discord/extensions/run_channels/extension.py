"""The extension: its doors, its bot, and who works behind them."""
