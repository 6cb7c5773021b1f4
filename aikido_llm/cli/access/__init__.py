"""Who is asked, with which key: flags, environment, files."""
