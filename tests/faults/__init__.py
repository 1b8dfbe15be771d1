"""What happens when parts fail: real processes, real PostgreSQL, killed and stopped as they may be at any time."""
