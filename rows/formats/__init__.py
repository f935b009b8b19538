"""The formats of tables."""
