"""Pages for people: the public map with its tiles and live events, dashboards, health."""
