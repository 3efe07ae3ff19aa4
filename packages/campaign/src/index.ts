/** The public surface of campaigns. */

export { hostPump } from "./host-pump.ts";
