"""How fast it is, beside the same SQL alone and beside what it avoids: `make bench`, `docs/performance.md`."""
