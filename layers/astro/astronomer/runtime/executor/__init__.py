"""The Runtime executor: tasks placed by what they ask for, through the metadata database alone."""
