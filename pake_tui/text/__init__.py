"""Text from outside: masked, and made safe to show. Pure."""
