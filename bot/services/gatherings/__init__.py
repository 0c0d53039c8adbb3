"""What people do with meetings: entries in calendars, who comes, who greets or chairs."""
