"""How fast and how large: `python -m infra.bench` prints the figures and writes build/bench.json.

Everything that depends on the machine is a ratio of two things measured in turns in the same run, so that a busy
machine favours neither. A figure is no test: what misses its bar is marked, and that is all.
"""
