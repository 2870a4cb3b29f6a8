"""Benchmarks: ratios against peers measured in the same run, and the figures of a whole night."""
