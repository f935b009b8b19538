"""The arithmetics that rules run on."""
