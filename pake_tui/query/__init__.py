"""The filter language: parse, evaluate, complete, explain. Pure."""
