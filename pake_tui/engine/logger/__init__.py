"""What an application writes its log with."""
