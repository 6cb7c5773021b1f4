"""What was asked and answered: whether it is kept, and what is made of it later."""
