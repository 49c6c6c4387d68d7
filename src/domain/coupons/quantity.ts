// How many can be had of one coupon: by itself, because whoever checks a sale needs it, also in a
// browser, and nothing else of what a record may be.

/** Bounded so that the winners of one coupon fit in the memory of a node (about 60 B each). */
export const quantityMax = 10_000_000
