"""Many questions from files, and the files of their answers."""
