/** Nothing to import: the suite is run with `npm run lab`. */

export {};
