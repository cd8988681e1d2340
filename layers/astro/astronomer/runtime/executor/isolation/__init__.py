"""Tasks as processes that leave each other alone.

```
runner ── supervisor ── warm parent        has imported Airflow, and forks
              │
              └──────── attendant ── task   one attendant for each task
```

The runner has threads and connections, so it forks nothing: it asks the supervisor, a small process
without Airflow, by a socket (`WarmParent`). The supervisor has the warm parent fork an attendant,
which starts the task and ends all that the task leaves behind. Whoever of them ends takes the tasks
below along; only the warm parent is replaced while they run.
"""
