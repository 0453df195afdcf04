"""Makes an installed tree fit for a board: relocatable, stripped and audited. stages/ and wheels/ use these modules."""
