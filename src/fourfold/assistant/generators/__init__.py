"""What writes the output of a task: a chat model, or the baseline without one."""
