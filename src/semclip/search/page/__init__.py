"""The page of photo search: one page in the browser over an index, without a build step or a request elsewhere."""
