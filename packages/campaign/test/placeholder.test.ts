/** Keeps the folder compiled until the first test is here. */

export {};
