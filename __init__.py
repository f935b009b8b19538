"""autodiff, the differentiator for the shell: expressions in; values, gradients and pictures out."""
