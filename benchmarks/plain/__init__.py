"""What this project avoids, written well: Strawberry types with fields, SQLAlchemy's ORM, DataLoaders."""
