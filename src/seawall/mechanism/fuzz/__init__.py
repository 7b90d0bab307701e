"""The fuzzer: random Cases with one mechanism of a user's own, held against the laws."""
