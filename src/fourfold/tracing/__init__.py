"""What each request leaves behind, written without slowing it."""
