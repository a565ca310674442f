"""Google Drive v3: the engine, and the API over HTTP."""
