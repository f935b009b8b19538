"""What is said of a computation: steps, kinks, causes of what is not finite, numerical derivatives."""
