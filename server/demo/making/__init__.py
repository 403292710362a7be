"""How the bundled portfolios were made from public files; run again only to make them anew."""
