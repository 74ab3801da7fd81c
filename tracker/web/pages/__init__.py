"""The pages, one module an area. Each says how its addresses answer; rules are the domain's, words the catalogues'."""
