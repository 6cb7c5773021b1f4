"""What a person says, types or attaches -> requests and conversations."""
