"""Who may enter on the platform: the bearer of a token that the platform has signed."""
