"""The benchmarks run: small, for a second or two each. What they measure then means nothing."""
