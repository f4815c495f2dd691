"""How benchmarks' data is read: files of a folder or the Hub, parquet, rows, images."""
