"""Graph to text."""
