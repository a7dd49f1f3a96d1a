"""The routes that clients of OpenAI use."""
