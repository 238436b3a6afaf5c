"""Signed notes and Merkle trees: the arithmetic by which an extract proves what its logs contain."""
