"""Straight-line code made from graphs."""
