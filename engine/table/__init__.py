"""The table of operations: the rows, and what a row says."""
