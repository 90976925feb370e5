"""Intake of the platforms' push messages. As a library: `eventgate.log.open_log(url).after(version)`."""
