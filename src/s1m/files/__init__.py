"""What long work needs of files and processes: JSON lines, run folders, settings, workers, progress."""
