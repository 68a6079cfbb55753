"""nano: the small checkpoint that ships, its language and its training samples."""
