"""Text to ranked sentences with exact offsets, and the model weights on disk; knows nothing of prompts or answers."""
