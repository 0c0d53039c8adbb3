"""The four jobs, played by people on every platform: one body a scenario, whatever the platform."""
