"""The real bot process while the servers, the network, the disk or the database fail; then every message is counted."""
