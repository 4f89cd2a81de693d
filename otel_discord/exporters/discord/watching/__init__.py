"""What people see of an exporter who watch it: its destinations, its last messages, its alerts; and webhook checks."""
