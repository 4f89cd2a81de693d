"""Two workers, forked from a parent that has loaded the application already."""

bind = "127.0.0.1:8000"
workers = 2
preload_app = True
