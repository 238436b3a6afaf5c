"""Pages for people, in Chinese and English: they ask the same functions as the API, and see what its keys see."""
