"""The semclip command: one file per subcommand."""
