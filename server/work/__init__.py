"""What the worker does: its jobs and schedules, and how pgqueuer is asked for them."""
