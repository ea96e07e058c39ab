"""A question to a verified, cited answer, and the faces that show it; knows nothing of scores."""
