"""What runs the tasks that the allocator has placed on it."""
