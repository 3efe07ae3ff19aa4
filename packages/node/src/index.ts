/** The public surface of the Node package. */

export { systemClock } from "./clock.ts";
export { type DirectoryDisk, openDirectoryDisk } from "./disk.ts";
export { DirectoryInUseError } from "./lock.ts";
export {
  openTcpNetwork,
  type PeerStats,
  type TcpNetwork,
  type TcpNetworkOptions,
} from "./network.ts";
export { AddressError, AddressInUseError } from "./network-errors.ts";
export type { LaneLimits, LaneStats } from "./network-lane.ts";
export type { NetworkEvent, NetworkReport, TurnedAway } from "./network-report.ts";
