"""What a server needs beside its work: keys, limits, metrics, the log, and requests that are passed on."""
