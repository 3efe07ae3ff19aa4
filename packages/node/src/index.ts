/** The public surface of the Node package. */

export { systemClock } from "./clock.ts";
export { type DirectoryDisk, openDirectoryDisk } from "./disk.ts";
export { DirectoryInUseError } from "./lock.ts";
