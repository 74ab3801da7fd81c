"""The pages: what a person sees in a browser. They hold no rules; verbs and views do."""
