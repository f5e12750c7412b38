"""The one room that knows the terminal: driver, input, colours, copying."""
