/** The public surface of the simulator. */

export {
  type CrashOptions,
  type DiskOperation,
  type OperationHook,
  SimDisk,
  type SimDiskOptions,
} from "./disk.ts";
export { type Keep, SECTOR_BYTES } from "./disk-inode.ts";
