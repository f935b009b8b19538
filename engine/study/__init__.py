"""Studies of a computation: its steps, its kinks, the causes of non-finite numbers, numerical derivatives."""
