"""Problems, comparisons, webhooks, metrics and alerts."""
