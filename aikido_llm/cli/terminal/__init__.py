"""What a person sees: everything that is written leaves through here."""
