"""What an application writes its log with: context, pipeline, sinks, rotation, reports."""
