"""Users' own mechanisms: their files read, their steps asked, their answers checked and booked."""
