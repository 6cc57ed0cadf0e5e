"""The shapes of a scored dataset, as values: options, records, manifest, and the check of a bundle on disk."""
