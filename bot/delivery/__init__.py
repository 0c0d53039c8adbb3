"""The outbox: what must be said, stored with the decision to say it, and sent until it has arrived."""
