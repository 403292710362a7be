"""The demo: two real working days, invented people, real devices and a real server, with faults planted on purpose."""
