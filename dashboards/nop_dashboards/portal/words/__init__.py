"""Every text of the portal, in English and Hindi side by side. Each module defines `TEXTS`."""
