"""Text to graph: the lark grammar, the builder and the errors of a program's text."""
