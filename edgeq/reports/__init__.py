"""What a build costs and whether it is right: report.json, report.html, and the terminal."""
