"""How requests are signed: what finds a credential, and the headers that it becomes."""
