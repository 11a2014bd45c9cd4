"""Program + plan -> a folder of C, through Jinja2 templates; the same bytes every time."""
