"""The graph, the table of operations and the passes. Knows no text, no file and no screen."""
