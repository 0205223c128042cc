"""From the code to a running stack: package -> deploy, on AWS or on this machine (local, smtp_front)."""
