"""Pure values of training: rules, references, and when an item counts as right."""
