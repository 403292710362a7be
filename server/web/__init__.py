"""What the devices' API and the office's REST API share: bodies within limits, problems, documents, counts."""
