"""What is open, what is selected, and what the user did to it."""
