"""Pages for people, in Chinese and English, on the same functions as the API."""
