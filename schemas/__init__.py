"""The wire between devices and the server: words, messages, bytes, rules. Knows neither end."""
