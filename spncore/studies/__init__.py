"""Studies of the dynamics: what is trained, counted and shipped for each question.

Each is a module: `SHIPPED`, frozen records of settings; `run(record, data, report) -> result`, which gives the same for
the same, tells `report` how far it is, and ends with what that raises; `pack(results)` and `unpack(envelope)`, for a
file; `tidy(result)`, rows for a table.
"""
